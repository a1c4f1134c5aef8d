using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>What this node has and holds. Safe for several callers at once.</summary>
internal sealed class NodeInventory(
    ILocalSiloDetails silo, NodeShards shards, ModelStore models, BackendCatalog backends, IOptions<Qwen3Options> options)
{
    private static readonly DateTimeOffset StartedAt = new(System.Diagnostics.Process.GetCurrentProcess().StartTime);

    private readonly ConcurrentDictionary<ModelGrainKey, LoadedRouter> _routers = new();
    private volatile bool _isDraining;

    /// <summary>This node, as the cluster knows it.</summary>
    public string Name { get; } = silo.SiloAddress.ToParsableString();

    /// <summary>Whether the node is about to stop: nothing comes here any more.</summary>
    public bool IsDraining
    {
        get => _isDraining;
        set => _isDraining = value;
    }

    /// <summary>Shards and routers that are here.</summary>
    public int PartCount => shards.All.Count() + _routers.Count;

    /// <summary>The routers of a model that are here.</summary>
    public IReadOnlyList<ModelGrainKey> RoutersOf(string model) => [.. _routers.Keys.Where(key => key.Model == model)];

    /// <summary>A router was loaded here.</summary>
    /// <param name="key">Names it.</param>
    /// <param name="backend">What computes it.</param>
    /// <param name="bytes">Of its trunk and its cache.</param>
    /// <param name="status">Says at any time, on any thread, what it has to do.</param>
    public void AddRouter(ModelGrainKey key, string backend, long bytes, Func<RouterStatus> status) =>
        _routers[key] = new LoadedRouter(backend, bytes, status);

    /// <summary>A router has gone.</summary>
    public void RemoveRouter(ModelGrainKey key) => _routers.TryRemove(key, out _);

    /// <summary>As of now.</summary>
    public NodeStatus Take() => new()
    {
        Name = Name,
        Host = Environment.MachineName,
        Labels = options.Value.Node.Labels,
        Devices = [.. options.Value.Models.Select(model => model.Backend).Distinct().Select(Describe).GroupBy(device => device.Name).Select(Merge)],
        IsDraining = IsDraining,
        Models = models.Names,
        ProcessId = Environment.ProcessId,
        Version = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "",
        StartedAt = StartedAt,
        Problems = models.Problems,
    };

    // Two back-ends may compute on one device: what both hold is there.
    private static DeviceStatus Merge(IEnumerable<DeviceStatus> same) => same.Aggregate((one, other) => one with
    {
        Shards = [.. one.Shards, .. other.Shards],
        Routers = [.. one.Routers, .. other.Routers],
        FreeBytes = one.FreeBytes - (other.MemoryBytes - other.FreeBytes),
    });

    private DeviceStatus Describe(string backend)
    {
        ComputeDevice device = backends.Get(backend).Device;
        HostedShard[] held = [.. shards.All.Where(shard => shard.Device == backend).Select(shard => new HostedShard
        {
            Model = shard.Key.Model,
            Shard = shard.Key.Index,
            Bytes = shard.ByteCount,
            ExpertCount = shard.ExpertCount,
            ChoiceCount = shard.ChoiceCount,
        }).OrderBy(shard => shard.Model, StringComparer.Ordinal).ThenBy(shard => shard.Shard)];
        HostedRouter[] routers = [.. _routers.Where(router => router.Value.Backend == backend).Select(router => new HostedRouter
        {
            Model = router.Key.Model,
            Replica = router.Key.Index,
            Bytes = router.Value.Bytes,
            Status = router.Value.Status(),
        }).OrderBy(router => router.Model, StringComparer.Ordinal).ThenBy(router => router.Replica)];

        // Mapped weights count as free for the system, so what is loaded here is taken off by what it takes; what others have taken, by what is left.
        long memory = options.Value.Node.MemoryBytes > 0 ? options.Value.Node.MemoryBytes : device.MemoryBytes;
        long taken = held.Sum(shard => shard.Bytes) + routers.Sum(router => router.Bytes);
        return new DeviceStatus
        {
            Name = device.Name,
            Kind = device.Kind,
            MemoryBytes = memory,
            FreeBytes = Math.Max(0, Math.Min(memory - taken, device.FreeBytes)),
            Threads = device.Threads,
            Shards = held,
            Routers = routers,
        };
    }

    private sealed record LoadedRouter(string Backend, long Bytes, Func<RouterStatus> Status);
}
