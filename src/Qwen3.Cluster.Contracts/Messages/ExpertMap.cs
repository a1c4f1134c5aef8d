namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Which shard holds which experts.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ExpertMap")]
public sealed record ExpertMap
{
    /// <summary>For each expert of a layer, the index of its shard.</summary>
    [Id(0)]
    public required IReadOnlyList<int> ShardOfExpert { get; init; }

    /// <summary>Shards of the model; fixed, whatever the number of nodes.</summary>
    [Id(1)]
    public int ShardCount { get; init; }
}
