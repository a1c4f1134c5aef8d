namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What a shard holds.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ExpertShardStatus")]
public sealed record ExpertShardStatus
{
    /// <summary>Experts of a layer that it holds.</summary>
    [Id(0)]
    public int ExpertCount { get; init; }

    /// <summary>Bytes of their weights.</summary>
    [Id(1)]
    public long Bytes { get; init; }
}
