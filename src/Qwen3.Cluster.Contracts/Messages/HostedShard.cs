namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A shard of a model's experts that is loaded on a device.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.HostedShard")]
public sealed record HostedShard
{
    /// <summary>The model, as requests name it.</summary>
    [Id(0)]
    public required string Model { get; init; }

    /// <summary>The shard, 0 to the model's shards − 1.</summary>
    [Id(1)]
    public int Shard { get; init; }

    /// <summary>Bytes of its weights.</summary>
    [Id(2)]
    public long Bytes { get; init; }

    /// <summary>Experts that it holds, over all layers, replicas of the hottest included.</summary>
    [Id(3)]
    public int ExpertCount { get; init; }

    /// <summary>Choices that it has computed since it was loaded there: a token that asks two of its experts counts twice.</summary>
    [Id(4)]
    public long ChoiceCount { get; init; }
}
