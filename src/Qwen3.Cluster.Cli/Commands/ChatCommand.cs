using System.CommandLine;
using System.CommandLine.Parsing;
using Qwen3.Cluster.Cli.Chat;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;
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
        Option<bool> json = new("--json") { Description = "Write the events of the reply, one a line, as JSON." };
        Option<bool> noColor = new("--no-color") { Description = "Write no styles; so does the environment's NO_COLOR." };

        Command command = new("chat", "Ask a question, or hold a conversation.") { prompt, json, noColor };
        RequestArguments request = new(command);
        ClusterArguments cluster = new(command);
        command.SetAction(async parsed =>
        {
            CommandTerminal shown = parsed.GetValue(noColor) ? terminal.WithoutStyles() : terminal;
            await using ClusterConnection connection = await cluster.ConnectAsync(parsed, parsed.GetValue(verbose));
            Conversation conversation = new(connection.Client);
            request.Read(parsed, conversation.Request);
            conversation.Request.Model = connection.Model;
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
