using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Placement;
using Qwen3.Cluster.Silo.Requests;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>
/// Takes requests into the batch of one replica and streams what its steps add to each. Reentrant: many requests are under way at
/// once, and none of them computes here.
/// </summary>
[Reentrant, ModelPlacement, CollectionAgeLimit(AlwaysActive = true)]
internal sealed partial class RouterGrain : Grain, IRouterGrain
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(2);

    private readonly ModelGrainKey _key;
    private readonly ReplicaLoader _loader;
    private readonly ShardFinder _finder;
    private readonly NodeInventory _inventory;
    private readonly ILogger<RouterGrain> _logger;
    private readonly Loading<Replica> _replica;
    private readonly OpenReplies _open;
    private readonly TimeProvider _time;
    private readonly CancellationTokenRegistration _onDrainOver;
    private ExpertMap? _latestMap; // that this router was told of
    private long[][]? _reported; // what the expert map has been told

    public RouterGrain(
        ReplicaLoader loader,
        ShardFinder finder,
        NodeInventory inventory,
        IOptions<Qwen3Options> options,
        TimeProvider time,
        DrainState drain,
        OpenReplies open,
        ILogger<RouterGrain> logger)
    {
        _key = ModelGrainKey.Parse(this.GetPrimaryKeyString());
        _loader = loader;
        _finder = finder;
        _inventory = inventory;
        _open = open;
        _time = time;
        _logger = logger;
        _replica = new Loading<Replica>(_key.Model, LoadReplica, options.Value.RetryLoadAfter, time);

        // Grains are deactivated when their requests have ended, so those that outlived the drain end first.
        _onDrainOver = drain.Over.Register(StopReplica);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplyEvent> Generate(RouterCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Replica replica = await _replica.Get();
        if (!_open.TryBegin())
        {
            throw new RouterLostException($"Replica {_key.Index} of '{_key.Model}' takes nothing new: its node shuts down.");
        }

        try
        {
            ChannelReader<GenerationDelta> deltas = await Add(call, replica.Loop);
            yield return new ReplyStarted
            {
                RequestId = call.RequestId,
                Model = _key.Model,
                PromptTokens = call.Prompt.Length,
                Seed = call.Sampling.Seed!.Value,
            };

            await foreach (GenerationDelta delta in deltas.ReadAllAsync(cancellationToken))
            {
                yield return EngineMessages.ToDelta(delta, replica.Files.Tokenizer);
                if (delta.Finish is not null)
                {
                    yield return EngineMessages.ToFinished(delta);
                }
            }
        }
        finally
        {
            // The reader is gone, or the reply complete, which makes this do nothing.
            replica.Loop.Cancel(call.RequestId);
            _open.End();
        }
    }

    /// <inheritdoc/>
    public async Task<RouterStatus> GetStatus() => EngineMessages.ToStatus((await _replica.Get()).Loop.Metrics);

    /// <inheritdoc/>
    public Task<RouterOffer> Offer(UInt128[] pages)
    {
        Task<Replica> loading = _replica.Get();
        if (!loading.IsCompletedSuccessfully || _open.IsDraining)
        {
            return Task.FromResult(new RouterOffer());
        }

        EngineLoop loop = loading.Result.Loop;
        EngineMetrics metrics = loop.Metrics;
        return Task.FromResult(new RouterOffer
        {
            IsReady = true,
            CachedPages = loop.CountCachedPages(pages),
            Running = metrics.Running,
            Waiting = metrics.Waiting,
        });
    }

    /// <inheritdoc/>
    public async Task Leave()
    {
        if (_replica.IsLoaded)
        {
            await (await _replica.Get()).Stop();
        }

        DeactivateOnIdle();
    }

    /// <inheritdoc/>
    public async Task<ExpertMap?> GetMap() => _replica.IsLoaded ? (await _replica.Get()).Experts.Table.Map : null;

    /// <inheritdoc/>
    public async Task UseMap(ExpertMap map)
    {
        // Whoever tells of it may be who the loading waits for.
        _latestMap = map.Version > (_latestMap?.Version ?? 0) ? map : _latestMap;
        if (_replica.IsLoaded)
        {
            await Follow(await _replica.Get());
        }
    }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(Report, new GrainTimerCreationOptions(ReportInterval, ReportInterval) { Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _onDrainOver.DisposeAsync();
        if (!_replica.IsWanted)
        {
            return;
        }

        try
        {
            Replica replica = await _replica.Get();
            await replica.Stop();
            await replica.DisposeAsync();
            _inventory.RemoveRouter(_key);
        }
        catch (Exception exception) when (exception is ModelUnavailableException || LostCall.Is(exception))
        {
            // It was being loaded, and did not come: the log has it.
        }
    }

    // Ways that are better than those in use: of a later map, or by links that could not be opened before.
    private async Task Follow(Replica replica)
    {
        ShardTable used = replica.Experts.Table;
        ExpertMap map = _latestMap is { } latest && latest.Version > used.Map.Version ? latest : used.Map;
        if (map.Version > used.Map.Version || used.LacksLinks)
        {
            await replica.Use(await _finder.Find(_key.Model, map));
        }
    }

    // Every few seconds: what was chosen since the last report, also when that is nothing, so that a map that was lost knows who follows it.
    private async Task Report(CancellationToken cancellationToken)
    {
        if (!_replica.IsLoaded)
        {
            return;
        }

        Replica replica = await _replica.Get();
        await Follow(replica);
        long[][] counts = replica.Experts.Counts;
        long[][] reported = _reported ?? [.. counts.Select(layer => new long[layer.Length])];
        long[][] since = [.. counts.Zip(reported, (now, before) => now.Zip(before, (a, b) => a - b).ToArray())];
        bool isIdle = since.All(layer => layer.All(count => count == 0));
        await GrainFactory.GetGrain<IExpertMapGrain>(_key.Model).ReportLoad(_key.Index, isIdle ? [] : since);
        _reported = counts;
    }

    private async Task<ChannelReader<GenerationDelta>> Add(RouterCall call, EngineLoop loop)
    {
        try
        {
            TimeSpan spent = call.Budget.ResponseTime - call.TimeLeft ?? TimeSpan.Zero;
            return await loop.Add(EngineMessages.ToRequest(call, _time), spent, call.LeastThinking);
        }
        catch (RequestRefusedException refused)
        {
            throw new InvalidRequestException(EngineMessages.ToProtoField(refused.Field), refused.Message);
        }
    }

    private async Task<Replica> LoadReplica()
    {
        try
        {
            Replica replica = await _loader.Load(_key);
            try
            {
                await Follow(replica);
            }
            catch
            {
                await replica.DisposeAsync();
                _inventory.RemoveRouter(_key);
                throw;
            }

            LogLoaded(_key.Index, _key.Model);
            return replica;
        }
        catch (Exception exception)
        {
            LogNotLoaded(exception, _key.Index, _key.Model);
            throw;
        }
    }

    private void StopReplica()
    {
        if (_replica.IsLoaded)
        {
            _ = _replica.Get().Result.Stop();
        }
    }

    [LoggerMessage(LogLevel.Information, "Replica {Replica} of '{Model}' answers")]
    private partial void LogLoaded(int replica, string model);

    [LoggerMessage(LogLevel.Error, "Replica {Replica} of '{Model}' could not be loaded; requests for it fail until it can")]
    private partial void LogNotLoaded(Exception exception, int replica, string model);
}
