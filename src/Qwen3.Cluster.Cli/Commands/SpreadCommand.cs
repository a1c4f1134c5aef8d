using System.CommandLine;
using Qwen3.Cluster.Cli.Operations;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 spread</c>: puts a model's shards evenly on the nodes.</summary>
public static class SpreadCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        Argument<string> model = ModelArgument.Create();
        Option<string> server = ServerOption.Create();
        Option<bool> json = new("--json") { Description = "Write the report as a line of JSON." };
        Command command = new("spread", "Put a model's shards evenly on the nodes, as the cluster does by itself when nodes come or go.") { model, server, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using OperationsClient client = new(ServerOption.Check(parsed.GetValue(server)!));
            Topology before = await client.GetTopologyAsync(cancellationToken);
            SpreadReport report = await client.SpreadAsync(parsed.GetValue(model)!, cancellationToken);
            if (parsed.GetValue(json))
            {
                ProtoJson.Write(terminal.OutText, report);
            }
            else
            {
                terminal.OutText.WriteLine(ChangeSentence.Of(report, before, await client.GetTopologyAsync(cancellationToken)));
            }
        });
        return command;
    }
}
