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
    private readonly SemaphoreSlim _rearrangements = new(1);
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
    private string? _trouble; // why the last look did not do all that it should
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
        _readers = new MapReaders(Model, GrainFactory, time, logger);
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
        ExpertMap map = await OpenMap();
        _readers.Add(replica);
        return map;
    });

    /// <inheritdoc/>
    public Task<ExpertMap> Replace(int replica, IReadOnlyList<ulong> epochs) => Change(async () =>
    {
        ExpertMap map = await OpenMap();
        int[] lost = [.. map.Shards.Where(endpoint => epochs.Contains(endpoint.Epoch)).Select(endpoint => endpoint.Shard)];
        if (lost.Length > 0)
        {
            LogLost(string.Join(", ", lost), Model, replica);
            ShardEndpoint[] found = await Task.WhenAll(lost.Select(_shards.Find));
            if (found.Any(endpoint => endpoint.Epoch != map.Shards[endpoint.Shard].Epoch))
            {
                // Nothing is freed here, so nobody waits for the other routers: some may be looking for the same shards.
                _map = Draw([.. map.Shards.Select(endpoint => found.FirstOrDefault(other => other.Shard == endpoint.Shard) ?? endpoint)]);
                _ = _readers.Tell(_map, except: replica);
            }
        }

        _readers.Add(replica);
        return _map!;
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
    public Task<BalanceReport> Rebalance() => Rearrange(async () =>
    {
        await Change(OpenMap);
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
    public Task<int> Spread() => Rearrange(async () =>
    {
        if (_map is null && !_readers.Any)
        {
            return 0;
        }

        await Change(OpenMap);
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

    // The map changes one step at a time: a router that has lost a shard never waits for weights to be read.
    private Task<T> Change<T>(Func<Task<T>> change) => OneAtATime(_changes, change);

    // Moves of shards and of experts, which are many steps, do not mix.
    private Task<T> Rearrange<T>(Func<Task<T>> rearrange) => OneAtATime(_rearrangements, rearrange);

    private static async Task<T> OneAtATime<T>(SemaphoreSlim gate, Func<Task<T>> action)
    {
        await gate.WaitAsync();
        try
        {
            return await action();
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<ExpertMap> OpenMap()
    {
        if (_map is null)
        {
            // 1. A grain that was lost with its node has left its map with the routers.
            ExpertMap? known = await _readers.FindMap(await census.Take());
            _placement = known is not null && known.Placement.ShardCount == _placement.ShardCount ? known.Placement : _placement;

            // 2. Shards that are nowhere are loaded; those that are somewhere hold what that map says.
            ShardEndpoint[] shards = await Task.WhenAll(Enumerable.Range(0, _placement.ShardCount).Select(_shards.Find));
            await Task.WhenAll(shards.Select(endpoint => _shards.Hold(endpoint.Shard, ExpertsNow(endpoint.Shard))));
            _map = Draw(shards, known?.Version ?? 0);
        }

        return _map;
    }

    // Versions follow the clock, so that those of a grain that was lost are older.
    private ExpertMap Draw(IReadOnlyList<ShardEndpoint> shards, long earlier = 0)
    {
        foreach (ShardEndpoint endpoint in shards)
        {
            _places.Found(endpoint.Shard, endpoint.Link.Node);
        }

        return new ExpertMap
        {
            Version = Math.Max(time.GetUtcNow().UtcTicks, (_map?.Version ?? earlier) + 1),
            Placement = _placement,
            Shards = shards,
        };
    }

    private async Task MoveExperts(IReadOnlyList<ShardMoves> moves, ExpertPlacement next)
    {
        // 1. Every shard loads what it gets, and answers for what it had.
        _next = next;
        try
        {
            await Task.WhenAll(moves.Select(move => _shards.Hold(move.Shard, ExpertsNow(move.Shard))));
        }
        catch
        {
            _next = null;
            await Task.WhenAll(moves.Select(move => _shards.Hold(move.Shard, _placement.ExpertsOf(move.Shard))));
            throw;
        }

        // 2. The routers follow the new placement; none uses the old one when this returns.
        bool allFollow = await Change(() =>
        {
            (_placement, _next) = (next, null);
            _map = Draw(_map!.Shards);
            return _readers.Tell(_map);
        });

        // 3. What nobody asks for any more goes.
        if (allFollow)
        {
            await Task.WhenAll(moves.Where(move => move.Drop.Count > 0).Select(move => _shards.Hold(move.Shard, _placement.ExpertsOf(move.Shard))));
        }
    }

    private async Task Move(int shard, string node)
    {
        ShardEndpoint old = _map!.Shards[shard];
        if (old.Link.Node == node)
        {
            return;
        }

        // 1. The new place is loaded. One whose node has gone is loaded when it is asked for.
        if (_shards.IsAlive(old))
        {
            await _shards.Prepare(shard, node, ExpertsNow(shard));
        }

        // 2. The grain goes there, and the routers follow.
        bool allFollow = await Change(async () =>
        {
            old = _map.Shards[shard];
            if (old.Link.Node == node)
            {
                return true; // A router that had lost it has had it loaded there meanwhile.
            }

            ShardEndpoint moved = await _shards.Move(old, node);
            _map = Draw([.. _map.Shards.Select(endpoint => endpoint.Shard == shard ? moved : endpoint)]);
            return await _readers.Tell(_map);
        });

        // 3. The old place is freed; where a router may still ask there, it goes by itself in time.
        if (allFollow && old.Epoch != _map.Shards[shard].Epoch)
        {
            await _shards.Release(old);
        }
    }

    // What nobody asks for: nodes that came or went, and a load that has shifted.
    private async Task Watch(CancellationToken cancellationToken)
    {
        if ((_map is null && !_readers.Any) || _rearrangements.CurrentCount == 0)
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

            _trouble = null;
        }
        catch (Exception exception)
        {
            // It is tried at every look; the log has each reason once.
            if (exception.Message != _trouble)
            {
                _trouble = exception.Message;
                LogNotSpread(exception, Model);
            }
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
