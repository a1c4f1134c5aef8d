namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Which shard holds which experts, and where the shards are.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ExpertMap")]
public sealed record ExpertMap
{
    /// <summary>Later maps have higher ones.</summary>
    [Id(0)]
    public long Version { get; init; }

    /// <summary>Experts to shards.</summary>
    [Id(1)]
    public required ExpertPlacement Placement { get; init; }

    /// <summary>Shards to nodes; their number is fixed for a model, whatever the number of nodes.</summary>
    [Id(2)]
    public required IReadOnlyList<ShardEndpoint> Shards { get; init; }
}
