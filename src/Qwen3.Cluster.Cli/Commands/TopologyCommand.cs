using System.CommandLine;
using System.CommandLine.Parsing;
using Qwen3.Cluster.Cli.Operations;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 topology</c>: nodes, devices, shards, load, in tables.</summary>
public static class TopologyCommand
{
    private const double DefaultSeconds = 2;

    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        Option<string> server = ServerOption.Create();
        Option<bool> json = new("--json") { Description = "Write one line of JSON, in the proto's own field names." };
        Option<double?> watch = new("--watch")
        {
            Description = $"Show it again every so many seconds, {DefaultSeconds} if none are given, until Ctrl-C.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        watch.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<double?>() is not (>= 0.1 and <= 3600))
            {
                result.AddError($"--watch is {result.Tokens[0].Value}: it takes 0.1 to 3600 seconds.");
            }
        });
        Option<bool> noColor = new("--no-color") { Description = "Write no styles; so does the environment's NO_COLOR." };
        Command command = new("topology", "Show what lives where in a cluster, and how busy it is.") { server, json, watch, noColor };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            CommandTerminal shown = parsed.GetValue(noColor) ? terminal.WithoutStyles() : terminal;
            using OperationsClient client = new(ServerOption.Check(parsed.GetValue(server)!));
            TopologyWriter writer = new(shown, parsed.GetValue(json));
            if (parsed.GetResult(watch) is not { Implicit: false } given)
            {
                writer.Write(await client.GetTopologyAsync(cancellationToken));
                return;
            }

            var interval = TimeSpan.FromSeconds(given.Tokens.Count == 0 ? DefaultSeconds : parsed.GetValue(watch)!.Value);
            await new TopologyWatch(client.GetTopologyAsync, writer, TimeProvider.System).RunAsync(interval, cancellationToken);
        });
        return command;
    }
}
