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
    private readonly HashSet<int> _routers = []; // the replicas that use the map
    private ModelPlaces _places = null!;
    private ExpertLoad _load = null!;
    private ExpertPlacement _placement = null!;
    private ExpertPlacement? _next; // while experts move between shards: where they are going
    private ExpertMap? _map;
    private int _extraExperts;
    private int _replicaCount;
    private long _loadAge;
    private IReadOnlyList<string> _nodesSeen = [];

    private string Model => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        ModelFiles files = await models.Open(Model);
        int[] expertCounts = [.. Enumerable.Range(0, files.Layout.LayerCount).Select(files.Layout.ExpertCountOf)];
        IBackendFactory backend = backends.Get(files.Options.Backend);
        _places = new ModelPlaces(files, new ModelMemory(files, backend), backend.Device.Kind, census);
        _load = new ExpertLoad(expertCounts);
        _placement = ExpertPlacement.Dealt(expertCounts, files.Options.ExpertShards);
        _extraExperts = files.Options.ExtraExperts;
        _replicaCount = files.Options.Replicas;
        _loadAge = time.GetTimestamp();
        this.RegisterGrainTimer(Watch, new GrainTimerCreationOptions(options.Value.WatchInterval, options.Value.WatchInterval) { Interleave = true });
    }

    /// <inheritdoc/>
    public Task<ExpertMap> GetMap(int replica) => Change(async () =>
    {
        _map ??= await OpenAll();
        _routers.Add(replica);
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
            ShardEndpoint[] found = await Task.WhenAll(lost.Select(OpenPatiently));
            foreach (ShardEndpoint endpoint in found)
            {
                shards[endpoint.Shard] = endpoint;
            }

            await Publish(shards, except: replica);
        }

        _routers.Add(replica);
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
        _routers.Add(replica);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<BalanceReport> Rebalance() => Change(async () =>
    {
        _map ??= await OpenAll();
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
            ExpertsReplicated = CountReplicated(),
            ChoicesCounted = CountChoices(),
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
        ExpertsReplicated = CountReplicated(),
        ChoicesCounted = CountChoices(),
        Problem = _places.Problem ?? "",
        ReplicaCount = _replicaCount,
        LoadShares = ShardLoad.Shares(_load, _placement),
    });

    private IExpertShardGrain Shard(int shard) => GrainFactory.GetGrain<IExpertShardGrain>(new ModelGrainKey(Model, shard).ToString());

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
        ShardEndpoint[] shards = await Task.WhenAll(Enumerable.Range(0, _placement.ShardCount).Select(Open));

        // After this grain was lost with its node, shards may hold what an earlier balance gave them.
        await Task.WhenAll(shards.Select(endpoint => Shard(endpoint.Shard).Hold(ExpertsNow(endpoint.Shard))));
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

    private async Task<ShardEndpoint> Open(int shard)
    {
        try
        {
            return await Shard(shard).Open();
        }
        catch (Exception exception) when (exception is NoPlaceException or OrleansException)
        {
            throw new ModelUnavailableException(Model, options.Value.RetryLoadAfter, exception.Message);
        }
    }

    // Until the cluster has noticed that a node is gone, its grains cannot be called.
    private async Task<ShardEndpoint> OpenPatiently(int shard)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await Open(shard);
            }
            catch (ModelUnavailableException) when (time.GetElapsedTime(started) < options.Value.ShardTimeLimit)
            {
                await Task.Delay(TimeSpan.FromSeconds(0.2), time);
            }
        }
    }

    private async Task MoveExperts(IReadOnlyList<ShardMoves> moves, ExpertPlacement next)
    {
        try
        {
            // 1. Every shard loads what it gets, and answers for what it had.
            _next = next;
            await Task.WhenAll(moves.Select(move => Shard(move.Shard).Hold(ExpertsNow(move.Shard))));

            // 2. The routers follow the new placement; none uses the old one when this returns.
            _placement = next;
        }
        finally
        {
            _next = null;
        }

        await Publish(_map!.Shards);

        // 3. What nobody asks for any more goes.
        await Task.WhenAll(moves.Where(move => move.Drop.Count > 0).Select(move => Shard(move.Shard).Hold(_placement.ExpertsOf(move.Shard))));
    }

    private async Task Move(int shard, string node)
    {
        ShardEndpoint old = _map!.Shards[shard];
        if (old.Link.Node == node)
        {
            return;
        }

        // 1. The new node loads the shard, then its grain goes there.
        await GrainFactory.GetGrain<INodeGrain>(node).Prepare(Model, shard, ExpertsNow(shard));
        await Shard(shard).MoveTo(node);
        ShardEndpoint moved = await OpenOn(shard, node);

        // 2. The routers follow; none asks the old place when this returns.
        await Publish([.. _map.Shards.Select(endpoint => endpoint.Shard == shard ? moved : endpoint)]);
        LogMoved(shard, Model, old.Link.Node, node);

        // 3. The old place is freed.
        await GrainFactory.GetGrain<INodeGrain>(old.Link.Node).Release(old.Epoch);
    }

    // The grain answers where it was until its last turn there has ended.
    private async Task<ShardEndpoint> OpenOn(int shard, string node)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            ShardEndpoint endpoint = await OpenPatiently(shard);
            if (endpoint.Link.Node == node || time.GetElapsedTime(started) > options.Value.ShardTimeLimit)
            {
                return endpoint;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), time);
        }
    }

    private async Task Publish(IReadOnlyList<ShardEndpoint> shards, int? except = null)
    {
        _map = Draw(shards);
        await Task.WhenAll(_routers.Where(replica => replica != except).ToArray().Select(Tell));
    }

    private async Task Tell(int replica)
    {
        try
        {
            await GrainFactory.GetGrain<IRouterGrain>(new ModelGrainKey(Model, replica).ToString()).UseMap(_map!);
        }
        catch (Exception exception)
        {
            // It asks for the map when it is back, or when a shard does not answer.
            _routers.Remove(replica);
            LogNotTold(exception, replica, Model);
        }
    }

    // A node that came or goes: shards spread over those that there are.
    private async Task Watch(CancellationToken cancellationToken)
    {
        if (_map is null || _changes.CurrentCount == 0)
        {
            return;
        }

        IReadOnlyList<string> nodes = census.Alive;
        if (nodes.SequenceEqual(_nodesSeen))
        {
            return;
        }

        try
        {
            await Spread();
            _nodesSeen = nodes;
        }
        catch (Exception exception)
        {
            LogNotSpread(exception, Model);
        }
    }

    private int CountReplicated()
    {
        int count = 0;
        for (int layer = 0; layer < _placement.LayerCount; layer++)
        {
            for (int expert = 0; expert < _placement.ExpertCountOf(layer); expert++)
            {
                count += _placement.ShardsOf(layer, expert).Length > 1 ? 1 : 0;
            }
        }

        return count;
    }

    private long CountChoices()
    {
        long count = 0;
        for (int layer = 0; layer < _load.LayerCount; layer++)
        {
            foreach (long tokens in _load.TokensOf(layer))
            {
                count += tokens;
            }
        }

        return count;
    }

    [LoggerMessage(LogLevel.Warning, "Shard {Shards} of '{Model}' did not answer replica {Replica}; it is looked for")]
    private partial void LogLost(string shards, string model, int replica);

    [LoggerMessage(LogLevel.Information, "Shard {Shard} of '{Model}' moved from {From} to {To}")]
    private partial void LogMoved(int shard, string model, string from, string to);

    [LoggerMessage(LogLevel.Information, "The experts of '{Model}' are balanced: {Before:0.00} before, {After:0.00} after, {Loaded} loaded")]
    private partial void LogBalanced(string model, double before, double after, int loaded);

    [LoggerMessage(LogLevel.Warning, "Replica {Replica} of '{Model}' could not be told of a new map")]
    private partial void LogNotTold(Exception exception, int replica, string model);

    [LoggerMessage(LogLevel.Warning, "The shards of '{Model}' could not be spread over the nodes; it is tried again")]
    private partial void LogNotSpread(Exception exception, string model);
}
