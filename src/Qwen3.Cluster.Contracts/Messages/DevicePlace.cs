namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A device of a node: where a shard or a router lives.</summary>
/// <param name="Node">The node, as <see cref="NodeStatus.Name"/> has it.</param>
/// <param name="Device">The device, as <see cref="DeviceStatus.Name"/> has it.</param>
[GenerateSerializer, Immutable, Alias("qwen3.DevicePlace")]
public readonly record struct DevicePlace(string Node, string Device)
{
    /// <summary><c>cuda:0 of S10.0.0.7:11111:3</c>.</summary>
    public override string ToString() => $"{Device} of {Node}";
}
