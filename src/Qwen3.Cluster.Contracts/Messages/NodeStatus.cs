namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What a node says of itself: where it runs, what it has, what lives there.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.NodeStatus")]
public sealed record NodeStatus
{
    /// <summary>Unique in the cluster, and new at each start of the process: the silo's address.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>The machine's name, for people.</summary>
    [Id(1)]
    public required string Host { get; init; }

    /// <summary>What its operator says of it, <c>zone</c> → <c>a</c>; models may require some.</summary>
    [Id(2)]
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>What can compute there.</summary>
    [Id(3)]
    public IReadOnlyList<DeviceStatus> Devices { get; init; } = [];

    /// <summary>Whether it is about to stop: nothing goes there, and what is there leaves.</summary>
    [Id(4)]
    public bool IsDraining { get; init; }

    /// <summary>Names of the models whose files it can open.</summary>
    [Id(5)]
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Its process, as the machine numbers it.</summary>
    [Id(6)]
    public int ProcessId { get; init; }

    /// <summary>The program's version.</summary>
    [Id(7)]
    public required string Version { get; init; }

    /// <summary>When the process started.</summary>
    [Id(8)]
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Why it cannot open the files of some of <see cref="Models"/>, a sentence for each.</summary>
    [Id(9)]
    public IReadOnlyList<string> Problems { get; init; } = [];
}
