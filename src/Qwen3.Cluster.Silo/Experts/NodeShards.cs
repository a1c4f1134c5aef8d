using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// The shards that this node has in memory. Most have their grain here; one that moves in is loaded before its grain comes, and one that
/// moved out answers until the routers know where it went: so no stream waits for a move. Safe for several callers at once.
/// </summary>
internal sealed partial class NodeShards(ModelStore models, BackendCatalog backends, TimeProvider time, ILogger<NodeShards> logger)
    : IShardDirectory, IAsyncDisposable
{
    // Whoever had it prepared, or was to say that it is not needed any more, has gone.
    private static readonly TimeSpan LeftOverAfter = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<ulong, ExpertShard> _byEpoch = new();
    private readonly ConcurrentDictionary<ModelGrainKey, ExpertShard> _prepared = new();
    private readonly ConcurrentDictionary<string, Lazy<ExpertDevice>> _devices = new();

    /// <summary>All of them.</summary>
    public IEnumerable<ExpertShard> All => _byEpoch.Values;

    /// <inheritdoc/>
    IShardExecutor? IShardDirectory.Find(ulong epoch) => Find(epoch);

    /// <summary>The shard of an epoch; null: it has left this process, or never was here.</summary>
    public ExpertShard? Find(ulong epoch) => _byEpoch.GetValueOrDefault(epoch);

    /// <summary>Loads a shard whose grain is to come.</summary>
    /// <param name="key">Names the shard.</param>
    /// <param name="experts">What it holds.</param>
    public async Task Prepare(ModelGrainKey key, IReadOnlyList<LayerExpert> experts)
    {
        ExpertShard shard = await Load(key, experts);
        ulong? earlier = null;
        _prepared.AddOrUpdate(key, shard, (_, before) =>
        {
            earlier = before.Epoch;
            return shard;
        });
        if (earlier is { } epoch)
        {
            await Release(epoch);
        }

        _ = ReleaseInTime(() => _prepared.TryRemove(new KeyValuePair<ModelGrainKey, ExpertShard>(key, shard)), shard.Epoch);
    }

    /// <summary>The shard of a grain that has come: the one that was prepared, or one that is loaded now.</summary>
    /// <param name="key">Names the shard.</param>
    /// <param name="experts">What it holds.</param>
    public async Task<ExpertShard> Take(ModelGrainKey key, IReadOnlyList<LayerExpert> experts)
    {
        if (!_prepared.TryRemove(key, out ExpertShard? shard))
        {
            return await Load(key, experts);
        }

        try
        {
            await shard.Hold(experts);
            return shard;
        }
        catch
        {
            await Release(shard.Epoch);
            throw;
        }
    }

    /// <summary>The grain of a shard has moved away. The shard answers until it is released, at most for ten minutes.</summary>
    public void Leave(ulong epoch) => _ = ReleaseInTime(() => true, epoch);

    /// <summary>Frees a shard after the work at hand; without effect when it is not here.</summary>
    public async Task Release(ulong epoch)
    {
        if (_byEpoch.TryRemove(epoch, out ExpertShard? shard))
        {
            await shard.DisposeAsync();
            LogReleased(shard.Key.Index, shard.Key.Model);
        }
    }

    /// <summary>Frees all, then the devices.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (ulong epoch in _byEpoch.Keys)
        {
            await Release(epoch);
        }

        foreach (Lazy<ExpertDevice> device in _devices.Values)
        {
            await device.Value.DisposeAsync();
        }
    }

    private async Task ReleaseInTime(Func<bool> isLeftOver, ulong epoch)
    {
        try
        {
            await Task.Delay(LeftOverAfter, time, _stopping.Token);
            if (isLeftOver())
            {
                await Release(epoch);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops, and frees all.
        }
    }

    private async Task<ExpertShard> Load(ModelGrainKey key, IReadOnlyList<LayerExpert> experts)
    {
        ModelFiles files = await models.Open(key.Model);
        ExpertShard shard = await ExpertShard.Load(key, files, experts, DeviceOf(files.Options));
        _byEpoch[shard.Epoch] = shard;
        LogLoaded(key.Index, key.Model, shard.ExpertCount, shard.ByteCount, shard.Device);
        return shard;
    }

    // One device for all models that compute alike: they share its threads instead of fighting for the cores.
    private ExpertDevice DeviceOf(ModelOptions model) => _devices.GetOrAdd(
        $"{model.Backend}/{model.Threads}",
        _ => new Lazy<ExpertDevice>(() => new ExpertDevice(model.Backend, backends.Get(model.Backend).Create(model.Threads)))).Value;

    [LoggerMessage(LogLevel.Information, "Shard {Shard} of '{Model}' is here: {Experts} experts, {Bytes} bytes, on {Device}")]
    private partial void LogLoaded(int shard, string model, int experts, long bytes, string device);

    [LoggerMessage(LogLevel.Information, "Shard {Shard} of '{Model}' has left")]
    private partial void LogReleased(int shard, string model);
}
