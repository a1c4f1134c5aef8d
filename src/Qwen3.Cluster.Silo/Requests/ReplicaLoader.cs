using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>Loads a replica of a trunk, once the shards have loaded their experts.</summary>
internal sealed class ReplicaLoader(
    ModelStore models,
    BackendCatalog backends,
    ShardFinder finder,
    NodeInventory inventory,
    IGrainFactory grains,
    IOptions<Qwen3Options> options,
    TimeProvider time,
    RouterMeter meter)
{
    private static readonly TimeSpan PauseBetweenTries = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns when the first request could be answered.</summary>
    public async Task<Replica> Load(ModelGrainKey key)
    {
        ModelFiles files = await models.Open(key.Model);
        var map = grains.GetGrain<IExpertMapGrain>(key.Model);
        Replica? replica = null;

        // It takes its room before the shards are placed, which may come to this node too.
        var memory = new ModelMemory(files, backends.Get(files.Options.Backend));
        inventory.AddRouter(
            key, files.Options.Backend, memory.OfTrunk + memory.OfCache + memory.OfDraftModel, () => replica is null ? new RouterStatus() : EngineMessages.ToStatus(replica.Loop.Metrics));
        try
        {
            ShardTable table = await finder.Find(key.Model, await map.GetMap(key.Index));
            return replica = await LoadTrunk(key, files, table, epochs => Replace(key, map, epochs));
        }
        catch
        {
            inventory.RemoveRouter(key);
            throw;
        }
    }

    // The map may have been on the same node as the shards: until the cluster has noticed that it is gone, the map cannot be asked.
    private async Task<ShardTable> Replace(ModelGrainKey key, IExpertMapGrain map, IReadOnlyList<ulong> epochs)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await finder.Find(key.Model, await map.Replace(key.Index, epochs));
            }
            catch (Exception exception) when (
                (exception is ModelUnavailableException { RetryAfter: not null } || LostCall.Is(exception))
                && time.GetElapsedTime(started) < options.Value.ShardTimeLimit)
            {
                await Task.Delay(PauseBetweenTries, time);
            }
        }
    }

    private async Task<Replica> LoadTrunk(ModelGrainKey key, ModelFiles files, ShardTable table, Func<IReadOnlyList<ulong>, Task<ShardTable>> replace)
    {
        var thread = new ComputeThread($"router {key}");
        var stopping = new CancellationTokenSource();
        IBackend? backend = null;
        try
        {
            return await thread.Run(() =>
            {
                ModelOptions model = files.Options;
                backend = backends.Get(model.Backend).Create(model.Threads);
                var experts = new ClusterExpertPool(
                    key.Model, files.Layout, model.Precision, table, replace, options.Value.ShardTimeLimit, stopping.Token);
                var cache = new CacheOptions(model.PageSize, files.PageCount, model.Cache);
                Qwen3Model trunk = Qwen3Model.Load(files.Checkpoint, backend, experts, cache);
                DraftModel? draft = files.DraftCheckpoint is { } checkpoint ? new DraftModel(checkpoint, backend, cache) : null;
                var engine = new Engine(trunk, files.Tokenizer, ToEngineOptions(files), time, draft?.Model);
                return new Replica(
                    files, new EngineLoop(key, engine, thread, model.MaxWaiting, time, meter), experts, thread, backend, trunk, draft, stopping);
            });
        }
        catch
        {
            await thread.DisposeAsync();
            backend?.Dispose();
            stopping.Dispose();
            throw;
        }
    }

    private static EngineOptions ToEngineOptions(ModelFiles files) => new()
    {
        MaxBatchTokens = files.Options.MaxBatchTokens,
        MaxSequences = files.Options.MaxSequences,
        MaxWaiting = files.Options.MaxWaiting,
        MaxDraftTokens = files.Options.MaxDraftTokens ?? (files.DraftCheckpoint is null ? 0 : RequestRules.MostDraftTokens),
        EndTokenIds = files.Checkpoint.EosTokenIds,
    };
}
