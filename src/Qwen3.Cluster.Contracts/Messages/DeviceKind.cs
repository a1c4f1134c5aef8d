namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What a device is.</summary>
[GenerateSerializer, Alias("qwen3.DeviceKind")]
public enum DeviceKind
{
    /// <summary>The node's processors, with its main memory.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda,
}
