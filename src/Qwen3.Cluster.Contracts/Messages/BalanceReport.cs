namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What a rebalancing of a model's experts did.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.BalanceReport")]
public sealed record BalanceReport
{
    /// <summary>Load of the busiest shard over the mean, with the placement that there was, over the layers by their tokens; 1: even.</summary>
    [Id(0)]
    public double ImbalanceBefore { get; init; }

    /// <summary>The same with the placement that there is now, on the same load.</summary>
    [Id(1)]
    public double ImbalanceAfter { get; init; }

    /// <summary>Experts that a shard has loaded for it, over all layers and shards.</summary>
    [Id(2)]
    public int ExpertsLoaded { get; init; }

    /// <summary>Experts that more than one shard holds now, over all layers.</summary>
    [Id(3)]
    public int ExpertsReplicated { get; init; }

    /// <summary>Choices of experts that the figures rest on.</summary>
    [Id(4)]
    public long ChoicesCounted { get; init; }
}
