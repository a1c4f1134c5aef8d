using System.CommandLine;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Cli.Commands;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Silo.Hosting.Clustering;

namespace Qwen3.Cluster.Cli;

/// <summary>The command tree of <c>qwen3</c>, and what becomes of its errors.</summary>
public static class CommandLine
{
    /// <summary>Runs one command line.</summary>
    /// <param name="arguments">The words after the program's name.</param>
    /// <param name="terminal">Where it reads and writes.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandTerminal terminal)
    {
        Option<bool> verbose = new("--verbose") { Description = "Log what happens, and show where an error comes from.", Recursive = true };
        RootCommand root = new("A cluster that serves the Qwen3 family.")
        {
            verbose,
            ChatCommand.Create(terminal, verbose),
            EvalCommand.Create(terminal, verbose),
            CalibrateCommand.Create(terminal, verbose),
            ModelsCommand.Create(terminal, verbose),
            ServeCommand.Create(terminal, verbose),
            InspectCommand.Create(terminal),
            LogitsCommand.Create(terminal),
            PackCommand.Create(terminal),
            BenchCommand.Create(terminal),
            TopologyCommand.Create(terminal),
            RebalanceCommand.Create(terminal),
            SpreadCommand.Create(terminal),
        };

        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            terminal.Error.WriteLine($"qwen3: {Describe(parsed)}");
            terminal.Error.WriteLine($"Try: {HelpOf(parsed.CommandResult.Command)}");
            return ExitCode.Usage;
        }

        InvocationConfiguration invocation = new()
        {
            Output = terminal.OutText,
            Error = terminal.ErrorText,
            EnableDefaultExceptionHandler = false,
            // Commands take signals as they need them: Ctrl-C in a conversation stops the reply, not the program.
            ProcessTerminationTimeout = null,
        };
        try
        {
            return await parsed.InvokeAsync(invocation);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e)
        {
            terminal.Error.WriteLine($"qwen3: {(parsed.GetValue(verbose) ? e.ToString() : Describe(e))}");
            return IsUsage(e) ? ExitCode.Usage : ExitCode.Failure;
        }
    }

    // The first of the errors for a mistyped command is that there is none.
    private static string Describe(ParseResult parsed) => (parsed.UnmatchedTokens, parsed.CommandResult.Command) switch
    {
        ([['-', ..] option, ..], _) => $"There is no option {option}.",
        ([var command, ..], RootCommand) => $"There is no command {command}.",
        ([var word, ..], var command) => $"{word} is one word more than {command.Name} takes; a text of several goes in quotes.",
        _ => InOneLine(parsed.Errors[0].Message),
    };

    private static string Describe(Exception error) => error switch
    {
        UsageException or CheckpointException or ClusterUnavailableException or Qwen3ClientException or IOException or UnauthorizedAccessException => error.Message,
        OptionsValidationException e => string.Join(' ', e.Failures),
        _ => $"{error.Message.TrimEnd('.')} ({error.GetType().Name}; --verbose shows where)",
    };

    private static bool IsUsage(Exception error) =>
        error is UsageException or OptionsValidationException or Qwen3ClientException { StatusCode: StatusCode.InvalidArgument };

    // The parser lists choices below each other.
    private static string InOneLine(string message) => string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string HelpOf(Command command) =>
        command is RootCommand ? "qwen3 --help" : $"qwen3 {command.Name} --help";
}
