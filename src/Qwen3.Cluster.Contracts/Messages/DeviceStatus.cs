namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A device of a node: its memory, and what is loaded there.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.DeviceStatus")]
public sealed record DeviceStatus
{
    /// <summary>Unique on its node: <c>cpu</c>, <c>cuda:0</c>.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    [Id(1)]
    public DeviceKind Kind { get; init; }

    /// <summary>Bytes of memory that the node may use of it.</summary>
    [Id(2)]
    public long MemoryBytes { get; init; }

    /// <summary>
    /// Bytes that could be loaded now in addition. What <see cref="Shards"/> and <see cref="Routers"/> list is taken off already; what was
    /// only planned to come here is not.
    /// </summary>
    [Id(3)]
    public long FreeBytes { get; init; }

    /// <summary>Threads that compute; 1 or more.</summary>
    [Id(4)]
    public int Threads { get; init; }

    /// <summary>The shards loaded there.</summary>
    [Id(5)]
    public IReadOnlyList<HostedShard> Shards { get; init; } = [];

    /// <summary>The routers loaded there.</summary>
    [Id(6)]
    public IReadOnlyList<HostedRouter> Routers { get; init; } = [];
}
