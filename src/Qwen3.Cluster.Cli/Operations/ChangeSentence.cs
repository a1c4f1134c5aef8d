using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Operations;

/// <summary>What a change of a model's shards did, before and after, in one sentence.</summary>
public static class ChangeSentence
{
    /// <summary>Of a rebalancing.</summary>
    public static string Of(BalanceReport report) => report switch
    {
        { ChoicesCounted: 0 } => $"No expert of '{report.Model}' moved: no choice of experts was counted lately, so nothing is known of the load.",
        { ExpertsLoaded: 0 } when report.ImbalanceAfter == report.ImbalanceBefore =>
            $"No expert of '{report.Model}' moved: its busiest shard has {report.ImbalanceAfter:N2} times the mean load, over {report.ChoicesCounted:N0} choices of experts.",
        _ => $"The busiest shard of '{report.Model}' has {report.ImbalanceAfter:N2} times the mean load, before it was {report.ImbalanceBefore:N2}: "
            + $"shards loaded {Plural(report.ExpertsLoaded, "expert")}, {report.ExpertsReplicated:N0} are replicated now, by {report.ChoicesCounted:N0} choices.",
    };

    /// <summary>Of a spreading.</summary>
    /// <param name="report">What it did.</param>
    /// <param name="before">The cluster before.</param>
    /// <param name="after">The cluster after.</param>
    public static string Of(SpreadReport report, Topology before, Topology after)
    {
        string[] nodes = [.. after.Nodes.Select(node => $"{NodeLabel.Of(node)} {CountOn(before, node, report.Model)} → {CountOn(after, node, report.Model)}")];
        return report.ShardsMoved == 0
            ? $"No shard of '{report.Model}' moved: {(Count(after, report.Model) == 0 ? "none is loaded yet" : "they are spread as evenly as they can be")}."
            : $"{Plural(report.ShardsMoved, "shard")} of '{report.Model}' moved: {string.Join(", ", nodes)}.";
    }

    private static int CountOn(Topology topology, Node node, string model) => Count(topology.Nodes.Where(other => other.Name == node.Name), model);

    private static int Count(Topology topology, string model) => Count(topology.Nodes, model);

    private static int Count(IEnumerable<Node> nodes, string model) =>
        nodes.SelectMany(node => node.Devices).SelectMany(device => device.Shards).Count(shard => shard.Model == model);

    private static string Plural(uint count, string unit) => count == 1 ? $"1 {unit}" : $"{count:N0} {unit}s";
}
