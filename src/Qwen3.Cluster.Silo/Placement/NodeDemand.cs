using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>What a model asks of the nodes that it is to live on.</summary>
internal sealed record NodeDemand
{
    /// <summary>The model, as requests name it: a node must have its files.</summary>
    public required string Model { get; init; }

    /// <summary>Labels that a node must have, each with this value.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Of the files and settings that the model's other nodes have; null: any.</summary>
    public ulong? Fingerprint { get; init; }

    /// <summary>The kind of device that its back-end computes on; null: any.</summary>
    public DeviceKind? Kind { get; init; }
}
