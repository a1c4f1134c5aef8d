namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What a topology shows of a model's experts.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ExpertMapStatus")]
public sealed record ExpertMapStatus
{
    /// <summary>Of the map in use; 0: none yet.</summary>
    [Id(0)]
    public long Version { get; init; }

    /// <summary>Shards of the model.</summary>
    [Id(1)]
    public int ShardCount { get; init; }

    /// <summary>Load of the busiest shard over the mean, over the layers by their tokens; 1: even, or no load yet.</summary>
    [Id(2)]
    public double Imbalance { get; init; }

    /// <summary>Experts that more than one shard holds, over all layers.</summary>
    [Id(3)]
    public int ExpertsReplicated { get; init; }

    /// <summary>Choices of experts counted lately; older ones count less and less.</summary>
    [Id(4)]
    public long ChoicesCounted { get; init; }

    /// <summary>Why a shard has no place; empty: each has one.</summary>
    [Id(5)]
    public string Problem { get; init; } = "";

    /// <summary>Routers that the model is to have.</summary>
    [Id(6)]
    public int ReplicaCount { get; init; }

    /// <summary>[shards]: the share of the choices that falls on each, over all layers; they add up to 1. Empty: none was counted lately.</summary>
    [Id(7)]
    public IReadOnlyList<double> LoadShares { get; init; } = [];
}
