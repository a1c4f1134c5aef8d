namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A replica of a model's router that is loaded on a device.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.HostedRouter")]
public sealed record HostedRouter
{
    /// <summary>The model, as requests name it.</summary>
    [Id(0)]
    public required string Model { get; init; }

    /// <summary>The replica, from 0.</summary>
    [Id(1)]
    public int Replica { get; init; }

    /// <summary>Bytes of the trunk's weights and of the cache of keys and values.</summary>
    [Id(2)]
    public long Bytes { get; init; }

    /// <summary>What it has to do.</summary>
    [Id(3)]
    public RouterStatus Status { get; init; } = new();
}
