using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>The room on a device while a plan is made.</summary>
/// <param name="node">Its node.</param>
/// <param name="device">The device.</param>
/// <param name="promised">Bytes that earlier plans have given away and that are not loaded yet.</param>
internal sealed class DeviceRoom(NodeStatus node, DeviceStatus device, long promised)
{
    /// <summary>Its node.</summary>
    public NodeStatus Node => node;

    /// <summary>What it said of itself.</summary>
    public DeviceStatus Device => device;

    /// <summary>Its name.</summary>
    public DevicePlace Place { get; } = new(node.Name, device.Name);

    /// <summary>Bytes that are neither taken nor promised nor planned for. May be negative: it said that it has less now than was promised.</summary>
    public long FreeBytes { get; private set; } = device.FreeBytes - promised;

    /// <summary>The shards planned to be there.</summary>
    public List<ShardDemand> Shards { get; } = [];

    /// <summary>Bytes that a shard needs in addition: none, if it is loaded there already and has not grown.</summary>
    public long NeedOf(string model, ShardDemand shard)
    {
        HostedShard? loaded = device.Shards.FirstOrDefault(hosted => hosted.Model == model && hosted.Shard == shard.Shard);
        return Math.Max(0, shard.Bytes - (loaded?.Bytes ?? 0));
    }

    /// <summary>Whether a shard fits. One that needs nothing in addition always does.</summary>
    public bool Fits(string model, ShardDemand shard) => NeedOf(model, shard) is var need && (need == 0 || need <= FreeBytes);

    /// <summary>Plans a shard to be there.</summary>
    public void Take(string model, ShardDemand shard)
    {
        FreeBytes -= NeedOf(model, shard);
        Shards.Add(shard);
    }

    /// <summary>Plans a shard to be elsewhere. What it has loaded here is not free before it has left: no plan counts on it.</summary>
    public void Release(string model, ShardDemand shard)
    {
        FreeBytes += NeedOf(model, shard);
        Shards.Remove(shard);
    }
}
