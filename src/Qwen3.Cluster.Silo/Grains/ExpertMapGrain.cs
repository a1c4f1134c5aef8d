using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>
/// Keeps the map of a model's experts: has shards opened, tells the routers of every change, moves shards between nodes and experts
/// between shards. A change goes in three steps, so that no stream waits for it: the new place is loaded, every router is told,
/// the old place is freed.
/// </summary>
/// <remarks>Reentrant, because placing a shard asks this grain while it waits for that shard; changes of the map go one at a time.</remarks>
[Reentrant, CollectionAgeLimit(AlwaysActive = true)]
internal sealed partial class ExpertMapGrain(
    ModelStore models, BackendCatalog backends, NodeCensus census, IOptions<Qwen3Options> options, TimeProvider time, ILogger<ExpertMapGrain> logger)
    : Grain, IExpertMapGrain
{
    private readonly SemaphoreSlim _changes = new(1);
    private MapReaders _readers = null!;
    private ModelPlaces _places = null!;
    private ShardKeeper _shards = null!;
    private ExpertLoad _load = null!;
    private ExpertPlacement _placement = null!;
    private ExpertPlacement? _next; // while experts move between shards: where they are going
    private ExpertMap? _map;
    private int _extraExperts;
    private int _replicaCount;
    private long _loadAge;
    private long _balancedAt;
    private IReadOnlyList<string> _nodesSpread = []; // over which everything lies evenly

    private string Model => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        ModelFiles files = await models.Open(Model);
        int[] expertCounts = [.. Enumerable.Range(0, files.Layout.LayerCount).Select(files.Layout.ExpertCountOf)];
        IBackendFactory backend = backends.Get(files.Options.Backend);
        _places = new ModelPlaces(files, new ModelMemory(files, backend), backend.Device.Kind, census);
        _shards = new ShardKeeper(Model, GrainFactory, census, options.Value.ShardTimeLimit, options.Value.RetryLoadAfter, time, logger);
        _readers = new MapReaders(Model, GrainFactory, logger);
        _load = new ExpertLoad(expertCounts);
        _placement = ExpertPlacement.Dealt(expertCounts, files.Options.ExpertShards);
        _extraExperts = files.Options.ExtraExperts;
        _replicaCount = files.Options.Replicas;
        _loadAge = _balancedAt = time.GetTimestamp();
        this.RegisterGrainTimer(Watch, new GrainTimerCreationOptions(options.Value.WatchInterval, options.Value.WatchInterval) { Interleave = true });
    }

    /// <inheritdoc/>
    public Task<ExpertMap> GetMap(int replica) => Change(async () =>
    {
        _map ??= await OpenAll();
        _readers.Add(replica);
        return _map;
    });

    /// <inheritdoc/>
    public Task<ExpertMap> Replace(int replica, IReadOnlyList<ulong> epochs) => Change(async () =>
    {
        _map ??= await OpenAll();
        ShardEndpoint[] shards = [.. _map.Shards];
        int[] lost = [.. shards.Where(endpoint => epochs.Contains(endpoint.Epoch)).Select(endpoint => endpoint.Shard)];
        if (lost.Length > 0)
        {
            LogLost(string.Join(", ", lost), Model, replica);
            ShardEndpoint[] found = await Task.WhenAll(lost.Select(_shards.Find));
            foreach (ShardEndpoint endpoint in found)
            {
                shards[endpoint.Shard] = endpoint;
            }

            await Publish(shards, except: replica);
        }

        _readers.Add(replica);
        return _map;
    });

    /// <inheritdoc/>
    public Task<IReadOnlyList<LayerExpert>> GetExperts(int shard) => Task.FromResult(ExpertsNow(shard));

    /// <inheritdoc/>
    public Task<string> PlaceShard(int shard) => _places.OfShard(shard, ExpertsNow);

    /// <inheritdoc/>
    public Task<string> PlaceRouter(int replica) => _places.OfRouter(replica);

    /// <inheritdoc/>
    public Task ReportLoad(int replica, long[][] choices)
    {
        if (time.GetElapsedTime(_loadAge) >= options.Value.LoadHalfLife)
        {
            _load.Halve();
            _loadAge = time.GetTimestamp();
        }

        for (int layer = 0; layer < choices.Length; layer++)
        {
            _load.Add(layer, choices[layer]);
        }

        // One that knew this grain before it was lost.
        _readers.Add(replica);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<BalanceReport> Rebalance() => Change(async () =>
    {
        _map ??= await OpenAll();
        _balancedAt = time.GetTimestamp();
        double before = ExpertImbalance.Of(_load, _placement).Mean;
        ExpertPlacement next = ExpertBalancer.Balance(_load, _placement, new ExpertSlots(_extraExperts));
        IReadOnlyList<ShardMoves> moves = ShardMoves.Between(_placement, next);
        if (moves.Count > 0)
        {
            await MoveExperts(moves, next);
        }

        var report = new BalanceReport
        {
            ImbalanceBefore = before,
            ImbalanceAfter = ExpertImbalance.Of(_load, _placement).Mean,
            ExpertsLoaded = moves.Sum(move => move.Load.Count),
            ExpertsReplicated = _placement.ReplicatedCount,
            ChoicesCounted = _load.Total,
        };
        LogBalanced(Model, report.ImbalanceBefore, report.ImbalanceAfter, report.ExpertsLoaded);
        return report;
    });

    /// <inheritdoc/>
    public Task<int> Spread() => Change(async () =>
    {
        if (_map is null)
        {
            return 0;
        }

        IReadOnlyList<(int Shard, string Node)> moves = await _places.Spread(ExpertsNow);
        foreach ((int shard, string node) in moves)
        {
            await Move(shard, node);
        }

        return moves.Count;
    });

    /// <inheritdoc/>
    public Task<ExpertMapStatus> GetStatus() => Task.FromResult(new ExpertMapStatus
    {
        Version = _map?.Version ?? 0,
        ShardCount = _placement.ShardCount,
        Imbalance = ExpertImbalance.Of(_load, _placement).Mean,
        ExpertsReplicated = _placement.ReplicatedCount,
        ChoicesCounted = _load.Total,
        Problem = _places.Problem ?? "",
        ReplicaCount = _replicaCount,
        LoadShares = ShardLoad.Shares(_load, _placement),
    });

    // While experts move, a shard holds those of both placements.
    private IReadOnlyList<LayerExpert> ExpertsNow(int shard) =>
        _next is null ? _placement.ExpertsOf(shard) : [.. _placement.ExpertsOf(shard).Union(_next.ExpertsOf(shard))];

    private async Task<T> Change<T>(Func<Task<T>> change)
    {
        await _changes.WaitAsync();
        try
        {
            return await change();
        }
        finally
        {
            _changes.Release();
        }
    }

    private async Task<ExpertMap> OpenAll()
    {
        ShardEndpoint[] shards = await Task.WhenAll(Enumerable.Range(0, _placement.ShardCount).Select(_shards.Open));

        // After this grain was lost with its node, shards may hold what an earlier balance gave them.
        await Task.WhenAll(shards.Select(endpoint => _shards.Hold(endpoint.Shard, ExpertsNow(endpoint.Shard))));
        return Draw(shards);
    }

    // Versions follow the clock, so that those of a grain that was lost are older.
    private ExpertMap Draw(IReadOnlyList<ShardEndpoint> shards)
    {
        foreach (ShardEndpoint endpoint in shards)
        {
            _places.Found(endpoint.Shard, endpoint.Link.Node);
        }

        return new ExpertMap
        {
            Version = Math.Max(time.GetUtcNow().UtcTicks, (_map?.Version ?? 0) + 1),
            Placement = _placement,
            Shards = shards,
        };
    }

    private async Task MoveExperts(IReadOnlyList<ShardMoves> moves, ExpertPlacement next)
    {
        try
        {
            // 1. Every shard loads what it gets, and answers for what it had.
            _next = next;
            await Task.WhenAll(moves.Select(move => _shards.Hold(move.Shard, ExpertsNow(move.Shard))));

            // 2. The routers follow the new placement; none uses the old one when this returns.
            _placement = next;
        }
        finally
        {
            _next = null;
        }

        await Publish(_map!.Shards);

        // 3. What nobody asks for any more goes.
        await Task.WhenAll(moves.Where(move => move.Drop.Count > 0).Select(move => _shards.Hold(move.Shard, _placement.ExpertsOf(move.Shard))));
    }

    private async Task Move(int shard, string node)
    {
        ShardEndpoint old = _map!.Shards[shard];
        if (old.Link.Node != node)
        {
            ShardEndpoint moved = await _shards.Move(old, node, ExpertsNow(shard));
            await Publish([.. _map.Shards.Select(endpoint => endpoint.Shard == shard ? moved : endpoint)]);
            await _shards.Release(old);
        }
    }

    private Task Publish(IReadOnlyList<ShardEndpoint> shards, int? except = null)
    {
        _map = Draw(shards);
        return _readers.Tell(_map, except);
    }

    // What nobody asks for: nodes that came or went, and a load that has shifted.
    private async Task Watch(CancellationToken cancellationToken)
    {
        if (_map is null || _changes.CurrentCount == 0)
        {
            return;
        }

        try
        {
            if (!census.Alive.SequenceEqual(_nodesSpread))
            {
                await Spread();

                // Not over those that did not answer: they are asked again.
                _nodesSpread = await SpreadRouters() ? _places.NodesSeen : _nodesSpread;
            }

            if (options.Value.RebalanceEvery > TimeSpan.Zero && time.GetElapsedTime(_balancedAt) >= options.Value.RebalanceEvery)
            {
                await Rebalance();
            }
        }
        catch (Exception exception)
        {
            LogNotSpread(exception, Model);
        }
    }

    // One router a look, and only one that has nothing to do: its requests would go on elsewhere, but not without a pause.
    private async Task<bool> SpreadRouters()
    {
        if (await _places.FindCrowdedRouter() is not { } replica)
        {
            return true;
        }

        var router = GrainFactory.GetGrain<IRouterGrain>(new ModelGrainKey(Model, replica).ToString());
        RouterOffer offer = await router.Offer([]);
        if (offer is { IsReady: true, Running: 0, Waiting: 0 })
        {
            await router.Leave();
            await router.GetStatus();
        }

        return false;
    }

    [LoggerMessage(LogLevel.Warning, "Shard {Shards} of '{Model}' did not answer replica {Replica}; it is looked for")]
    private partial void LogLost(string shards, string model, int replica);

    [LoggerMessage(LogLevel.Information, "The experts of '{Model}' are balanced: {Before:0.00} before, {After:0.00} after, {Loaded} loaded")]
    private partial void LogBalanced(string model, double before, double after, int loaded);

    [LoggerMessage(LogLevel.Warning, "The shards of '{Model}' could not be spread or balanced; it is tried again")]
    private partial void LogNotSpread(Exception exception, string model);
}
