using Orleans.Concurrency;
using Orleans.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>Hands the batches of one shard to its compute thread. Reentrant: batches of several routers queue there, not here.</summary>
[Reentrant, PreferLocalPlacement, CollectionAgeLimit(AlwaysActive = true)]
internal sealed partial class ExpertShardGrain : Grain, IExpertShardGrain
{
    private readonly ModelGrainKey _key;
    private readonly ModelStore _models;
    private readonly BackendCatalog _backends;
    private readonly ILogger<ExpertShardGrain> _logger;
    private readonly Loading<ExpertShard> _shard;

    public ExpertShardGrain(
        ModelStore models, BackendCatalog backends, IOptions<Qwen3Options> options, TimeProvider time, ILogger<ExpertShardGrain> logger)
    {
        _key = ModelGrainKey.Parse(this.GetPrimaryKeyString());
        _models = models;
        _backends = backends;
        _logger = logger;
        _shard = new Loading<ExpertShard>(_key.Model, LoadShard, options.Value.RetryLoadAfter, time);
    }

    /// <inheritdoc/>
    public async Task<ExpertShardStatus> Load() => (await _shard.Get()).Status;

    /// <inheritdoc/>
    public async Task<ExpertOutputs> Compute(ExpertBatch batch)
    {
        ExpertShard shard = await _shard.Get();
        return await shard.Compute(batch);
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_shard.IsLoaded)
        {
            await (await _shard.Get()).DisposeAsync();
        }
    }

    private async Task<ExpertShard> LoadShard()
    {
        try
        {
            ModelFiles files = await _models.Open(_key.Model);
            ExpertMap map = await GrainFactory.GetGrain<IExpertMapGrain>(_key.Model).GetMap();
            int[] experts = [.. Enumerable.Range(0, map.ShardOfExpert.Count).Where(expert => map.ShardOfExpert[expert] == _key.Index)];
            ExpertShard shard = await ExpertShard.Load(_key, files, experts, _backends.Get(files.Options.Backend));
            LogLoaded(_key.Index, _key.Model, shard.Status.ExpertCount, shard.Status.Bytes);
            return shard;
        }
        catch (Exception exception)
        {
            LogNotLoaded(exception, _key.Index, _key.Model);
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "Shard {Shard} of '{Model}' holds {Experts} experts of each layer, {Bytes} bytes")]
    private partial void LogLoaded(int shard, string model, int experts, long bytes);

    [LoggerMessage(LogLevel.Error, "Shard {Shard} of '{Model}' could not be loaded; requests for the model fail until it can")]
    private partial void LogNotLoaded(Exception exception, int shard, string model);
}
