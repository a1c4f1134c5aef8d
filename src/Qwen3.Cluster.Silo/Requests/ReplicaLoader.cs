using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>Loads a replica of a trunk, and has the shards load their experts at the same time.</summary>
internal sealed class ReplicaLoader(
    ModelStore models, BackendCatalog backends, IGrainFactory grains, IOptions<Qwen3Options> options, TimeProvider time, RouterMeter meter)
{
    /// <summary>Returns when the first request could be answered.</summary>
    public async Task<Replica> Load(ModelGrainKey key)
    {
        ModelFiles files = await models.Open(key.Model);
        ExpertMap map = await grains.GetGrain<IExpertMapGrain>(key.Model).GetMap();
        Task shards = Task.WhenAll(Enumerable.Range(0, map.ShardCount)
            .Select(shard => grains.GetGrain<IExpertShardGrain>(new ModelGrainKey(key.Model, shard).ToString()).Load()));

        Replica replica = await LoadTrunk(key, files, map);
        try
        {
            await shards;
            return replica;
        }
        catch
        {
            await replica.DisposeAsync();
            throw;
        }
    }

    private async Task<Replica> LoadTrunk(ModelGrainKey key, ModelFiles files, ExpertMap map)
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
                var experts = new ClusterExpertPool(key.Model, files.Layout, map, grains, options.Value.ShardTimeLimit, stopping.Token);
                var cache = new CacheOptions(model.PageSize, files.PageCount);
                Qwen3Model trunk = Qwen3Model.Load(files.Checkpoint, backend, experts, cache);
                var engine = new Engine(trunk, files.Tokenizer, ToEngineOptions(files), time);
                return new Replica(files, new EngineLoop(key, engine, thread, model.MaxWaiting, time, meter), thread, backend, trunk, stopping);
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
        EndTokenIds = files.Checkpoint.EosTokenIds,
    };
}
