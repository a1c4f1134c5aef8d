using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Qwen3.Cluster.Cli.Operations;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 topology</c>: nodes, devices, shards, load, in tables.</summary>
public static class TopologyCommand
{
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(2);

    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        Option<string> server = ServerOption.Create();
        Option<bool> json = new("--json") { Description = "Write one line of JSON, in the proto's own field names." };
        Option<TimeSpan?> watch = new("--watch")
        {
            Description = $"Show it again every so many seconds, {DefaultInterval.TotalSeconds} if none are given, until Ctrl-C.",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = ParseInterval,
        };
        Option<bool> noColor = new("--no-color") { Description = "Write no styles; so does the environment's NO_COLOR." };
        Command command = new("topology", "Show what lives where in a cluster, and how busy it is.") { server, json, watch, noColor };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            CommandTerminal shown = parsed.GetValue(noColor) ? terminal.WithoutStyles() : terminal;
            using OperationsClient client = new(ServerOption.Check(parsed.GetValue(server)!));
            TopologyWriter writer = new(shown, parsed.GetValue(json));
            if (parsed.GetResult(watch) is not { Implicit: false })
            {
                writer.Write(await client.GetTopologyAsync(cancellationToken));
                return;
            }

            TopologyWatch screen = new(client.GetTopologyAsync, writer, TimeProvider.System);
            await screen.RunAsync(parsed.GetValue(watch) ?? DefaultInterval, cancellationToken);
        });
        return command;
    }

    private static TimeSpan? ParseInterval(ArgumentResult result)
    {
        if (result.Tokens is not [{ Value: string text }])
        {
            return null;
        }

        if (double.TryParse(text, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0.1 and <= 3600)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        result.AddError($"--watch is {text}: it takes 0.1 to 3600 seconds.");
        return null;
    }
}
