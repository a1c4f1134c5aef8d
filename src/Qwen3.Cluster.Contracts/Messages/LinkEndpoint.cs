namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Where a node takes the frames of the data plane, and what opens a link to it. Goes over the control plane alone.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.LinkEndpoint")]
public sealed record LinkEndpoint
{
    /// <summary>The node, as the cluster knows it: the silo's address.</summary>
    [Id(0)]
    public required string Node { get; init; }

    /// <summary>Names the machine: those that have the same one can open <see cref="SocketPath"/>.</summary>
    [Id(1)]
    public required string HostId { get; init; }

    /// <summary>A Unix socket, for the same machine; null: none.</summary>
    [Id(2)]
    public string? SocketPath { get; init; }

    /// <summary>An IP address, for other machines.</summary>
    [Id(3)]
    public required string Address { get; init; }

    /// <summary>The TCP port; 0: none.</summary>
    [Id(4)]
    public int Port { get; init; }

    /// <summary>Whoever proves to know it may open a link; 32 bytes, drawn anew at each start of the node.</summary>
    [Id(5)]
    public required byte[] Secret { get; init; }
}
