using System.CommandLine;
using System.CommandLine.Parsing;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Qwen3.Cluster.Cli.Chat;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Silo.Hosting;
using Spectre.Console;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 chat</c>: one question, or a conversation, with a cluster in this process or a server elsewhere.</summary>
public static class ChatCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal, Option<bool> verbose)
    {
        Argument<string?> prompt = new("prompt")
        {
            Description = "The question; - reads it from the standard input. Without one: a conversation, line by line.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        prompt.Validators.Add(RefuseMistypedOption);
        Option<string?> model = new("--model")
        {
            Description = "A checkpoint's directory or GGUF file; with --server, the name of a model. "
                + "Without it: the model that comes along, or the server's first.",
        };
        Option<string?> server = new("--server")
        {
            Description = "Address of a running server, such as http://127.0.0.1:5080, instead of a cluster in this process.",
        };
        Option<bool> json = new("--json") { Description = "Write the events of the reply, one a line, as JSON." };
        Option<bool> noColor = new("--no-color") { Description = "Write no styles; so does the environment's NO_COLOR." };

        Command command = new("chat", "Ask a question, or hold a conversation.") { prompt, model, server, json, noColor };
        RequestArguments request = new(command);
        ModelArguments own = new(command);
        command.SetAction(async parsed =>
        {
            CommandTerminal shown = parsed.GetValue(noColor) ? terminal.WithoutStyles() : terminal;
            string? address = parsed.GetValue(server);
            if (address is not null && own.FirstGiven(parsed) is { } option)
            {
                throw new UsageException($"{option} is for a cluster in this process; the server of --server has its own.");
            }

            ModelOptions? served = address is null ? own.Read(parsed, parsed.GetValue(model)) : null;
            await using OwnCluster? cluster = served is null ? null : await OwnCluster.StartAsync(served, parsed.GetValue(verbose));
            using Qwen3Client client = cluster is null
                ? new Qwen3Client(ServerOption.Check(address!), WithShortWaits)
                : new Qwen3Client(cluster.Address.ToString(), WithoutRetries);
            Conversation conversation = new(client);
            request.Read(parsed, conversation.Request);
            conversation.Request.Model = served?.Name ?? parsed.GetValue(model) ?? "";
            IReplyWriter writer = parsed.GetValue(json) ? new JsonReplyWriter(shown.OutText) : new TextReplyWriter(shown);
            using ChatSession session = new(conversation.Request, conversation.AskAsync, writer, shown, TimeProvider.System);
            return parsed.GetValue(prompt) switch
            {
                null => await session.RunAsync(shown.IsInteractive ? LinesOf(shown) : shown.In.ReadLine),
                "-" => await session.AskOnceAsync((await shown.In.ReadToEndAsync()).Trim()),
                string question => await session.AskOnceAsync(question),
            };
        });
        return command;
    }

    private static void RefuseMistypedOption(ArgumentResult prompt)
    {
        if (prompt.Tokens is [{ Value: ['-', '-', ..] mistyped }])
        {
            prompt.AddError($"There is no option {mistyped}.");
        }
    }

    // A cluster of our own has started when it is asked: what it refuses, it refuses for good.
    private static void WithoutRetries(GrpcChannelOptions options) => options.ServiceConfig = null;

    // Someone waits for the answer: a server that is not there is told of at once. One that is busy says itself when to come back.
    private static void WithShortWaits(GrpcChannelOptions options)
    {
        foreach (MethodConfig method in options.ServiceConfig!.MethodConfigs)
        {
            method.RetryPolicy!.InitialBackoff = TimeSpan.FromMilliseconds(50);
        }
    }

    /// <summary>Lines as someone types them, with the history on ↑.</summary>
    private static Func<string?> LinesOf(CommandTerminal terminal)
    {
        terminal.Error.WriteLine("Ask away; /help lists the commands.");
        AnsiWriter screen = new(terminal.ErrorText, new AnsiCapabilities { Ansi = true });
        LineEditor editor = new(screen, () => Console.ReadKey(intercept: true), () => Console.WindowWidth);
        return () =>
        {
            // Ctrl-C is a key while a line is typed, and a signal while a reply comes.
            Console.TreatControlCAsInput = true;
            try
            {
                return editor.Read("> ");
            }
            finally
            {
                Console.TreatControlCAsInput = false;
            }
        };
    }
}
