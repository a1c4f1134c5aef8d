using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Runtime.Placement;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Links;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>
/// One shard for the control plane: has its experts loaded where it lives, and says where the data plane reaches them.
/// Reentrant: it computes nothing in its turns.
/// </summary>
[Reentrant, ModelPlacement, CollectionAgeLimit(AlwaysActive = true)]
internal sealed partial class ExpertShardGrain : Grain, IExpertShardGrain
{
    private readonly ModelGrainKey _key;
    private readonly NodeShards _shards;
    private readonly LinkListener _links;
    private readonly ILogger<ExpertShardGrain> _logger;
    private readonly Loading<ExpertShard> _shard;

    public ExpertShardGrain(
        NodeShards shards, LinkListener links, IOptions<Qwen3Options> options, TimeProvider time, ILogger<ExpertShardGrain> logger)
    {
        _key = ModelGrainKey.Parse(this.GetPrimaryKeyString());
        _shards = shards;
        _links = links;
        _logger = logger;
        _shard = new Loading<ExpertShard>(_key.Model, LoadShard, options.Value.RetryLoadAfter, time);
    }

    /// <inheritdoc/>
    public async Task<ShardEndpoint> Open()
    {
        ExpertShard shard = await _shard.Get();
        return new ShardEndpoint { Shard = _key.Index, Epoch = shard.Epoch, Link = _links.Endpoint, Fingerprint = shard.Fingerprint };
    }

    /// <inheritdoc/>
    public async Task Hold(IReadOnlyList<LayerExpert> experts)
    {
        ExpertShard shard = await _shard.Get();
        try
        {
            await shard.Hold(experts);
        }
        catch (Exception exception)
        {
            throw new ModelUnavailableException(_key.Model, retryAfter: null, $"Shard {_key.Index} of '{_key.Model}' could not load more experts: {exception.Message}");
        }
    }

    /// <inheritdoc/>
    public Task MoveTo(string node)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(node));
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<ExpertOutputs> Compute(ExpertBatch batch)
    {
        ExpertShard shard = await _shard.Get();
        return await shard.Compute(batch);
    }

    /// <summary>A shard that moves leaves its experts behind, to answer until the routers know where it went; else they go with it.</summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (!_shard.IsWanted)
        {
            return;
        }

        try
        {
            ulong epoch = (await _shard.Get()).Epoch;
            if (reason.ReasonCode == DeactivationReasonCode.Migrating)
            {
                _shards.Leave(epoch);
            }
            else
            {
                await _shards.Release(epoch);
            }
        }
        catch (Exception exception) when (exception is ModelUnavailableException || LostCall.Is(exception))
        {
            // It was being loaded, and did not come: the log has it.
        }
    }

    private async Task<ExpertShard> LoadShard()
    {
        try
        {
            IReadOnlyList<LayerExpert> experts = await GrainFactory.GetGrain<IExpertMapGrain>(_key.Model).GetExperts(_key.Index);
            return await _shards.Take(_key, experts);
        }
        catch (Exception exception)
        {
            LogNotLoaded(exception, _key.Index, _key.Model);
            throw;
        }
    }

    [LoggerMessage(LogLevel.Error, "Shard {Shard} of '{Model}' could not be loaded; requests for the model fail until it can")]
    private partial void LogNotLoaded(Exception exception, int shard, string model);
}
