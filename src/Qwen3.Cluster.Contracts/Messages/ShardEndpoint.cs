namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Where a loaded shard is reached.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ShardEndpoint")]
public sealed record ShardEndpoint
{
    /// <summary>The shard, 0 to shards − 1.</summary>
    [Id(0)]
    public int Shard { get; init; }

    /// <summary>Names this loading of the shard: one that has been loaded again, or elsewhere, has another.</summary>
    [Id(1)]
    public ulong Epoch { get; init; }

    /// <summary>The node that holds it.</summary>
    [Id(2)]
    public required LinkEndpoint Link { get; init; }

    /// <summary>Of the model's files and settings on that node; a router that has another must not ask it.</summary>
    [Id(3)]
    public ulong Fingerprint { get; init; }
}
