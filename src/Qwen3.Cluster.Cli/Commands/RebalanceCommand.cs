using System.CommandLine;
using Qwen3.Cluster.Cli.Operations;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 rebalance</c>: evens the load of a model's shards.</summary>
public static class RebalanceCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        Argument<string> model = ModelArgument.Create();
        Option<string> server = ServerOption.Create();
        Option<bool> json = new("--json") { Description = "Write the report as a line of JSON." };
        Command command = new("rebalance", "Even the load of a model's shards: move experts among them, replicate the busiest.") { model, server, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using OperationsClient client = new(ServerOption.Check(parsed.GetValue(server)!));
            BalanceReport report = await client.RebalanceAsync(parsed.GetValue(model)!, cancellationToken);
            if (parsed.GetValue(json))
            {
                ProtoJson.Write(terminal.OutText, report);
            }
            else
            {
                terminal.OutText.WriteLine(ChangeSentence.Of(report));
            }
        });
        return command;
    }
}
