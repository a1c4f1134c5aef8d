namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>The cluster at one moment: its nodes, what lives on them, and how its models do.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ClusterTopology")]
public sealed record ClusterTopology
{
    /// <summary>When it was put together.</summary>
    [Id(0)]
    public DateTimeOffset TakenAt { get; init; }

    /// <summary>The nodes that answered, in the order of their names.</summary>
    [Id(1)]
    public IReadOnlyList<NodeStatus> Nodes { get; init; } = [];

    /// <summary>Names of nodes that count as alive and did not answer.</summary>
    [Id(2)]
    public IReadOnlyList<string> SilentNodes { get; init; } = [];

    /// <summary>The models of the nodes, the default one first.</summary>
    [Id(3)]
    public IReadOnlyList<ModelStatus> Models { get; init; } = [];
}
