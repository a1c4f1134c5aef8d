using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Where the shards and routers of one model live, or are on their way to. For one grain.</summary>
internal sealed class ModelPlaces
{
    private readonly ModelMemory _memory;
    private readonly NodeCensus _census;
    private readonly NodeDemand _demand;
    private readonly int _shardCount;
    private readonly Dictionary<int, DevicePlace> _shards = [];
    private readonly Dictionary<int, DevicePlace> _routers = [];
    private readonly SemaphoreSlim _planning = new(1);

    /// <summary>Nothing has a place yet.</summary>
    /// <param name="files">The model.</param>
    /// <param name="memory">What its parts take.</param>
    /// <param name="device">The kind of device that it is computed on.</param>
    /// <param name="census">Asks the nodes.</param>
    public ModelPlaces(ModelFiles files, ModelMemory memory, DeviceKind device, NodeCensus census)
    {
        _memory = memory;
        _census = census;
        _shardCount = files.Options.ExpertShards;
        _demand = new NodeDemand { Model = files.Name, Labels = files.Options.NodeLabels, Kind = device };
    }

    /// <summary>Why the last plan failed; null: it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>The nodes that answered when shards were planned last, by name, in order.</summary>
    public IReadOnlyList<string> NodesSeen { get; private set; } = [];

    /// <summary>The node of a shard: where it is, or else where there is room.</summary>
    /// <exception cref="ModelUnavailableException">There is room nowhere.</exception>
    public Task<string> OfShard(int shard, Func<int, IReadOnlyList<LayerExpert>> experts) => Plan(async () =>
    {
        if (!_shards.TryGetValue(shard, out DevicePlace place) || !_census.Alive.Contains(place.Node))
        {
            await PlanShards(experts);
        }

        return _shards[shard].Node;
    });

    /// <summary>The node of a router: where its trunk fits. It is asked when the router is nowhere, so an earlier place counts for nothing.</summary>
    /// <exception cref="ModelUnavailableException">There is room nowhere.</exception>
    public Task<string> OfRouter(int replica) => Plan(async () =>
    {
        _routers.Remove(replica);
        IReadOnlyList<string> alive = _census.Alive;
        RouterPlan plan = ShardPlanner.PlanRouter(
            _demand, replica, _memory.OfTrunk, _memory.OfCache, [.. _routers.Values.Where(place => alive.Contains(place.Node))], await _census.Take(), Nothing);
        Problem = plan.Refusal;
        _routers[replica] = plan.Place ?? throw Refused(plan.Refusal!);
        return plan.Place.Value.Node;
    });

    /// <summary>Spreads the shards over the nodes that there are.</summary>
    /// <returns>Those that are to move, and where.</returns>
    /// <exception cref="ModelUnavailableException">There is not enough room.</exception>
    public Task<IReadOnlyList<(int Shard, string Node)>> Spread(Func<int, IReadOnlyList<LayerExpert>> experts) => Plan(async () =>
    {
        Dictionary<int, DevicePlace> before = new(_shards);
        await PlanShards(experts);
        (int Shard, string Node)[] moves = [.. _shards
            .Where(pair => before.TryGetValue(pair.Key, out DevicePlace place) && place != pair.Value)
            .Select(pair => (pair.Key, pair.Value.Node))
            .OrderBy(move => move.Key)];

        // They are where they were until they have moved; those whose node is gone are nowhere, and come where they are to go.
        IReadOnlyList<string> alive = _census.Alive;
        foreach ((int shard, DevicePlace place) in before.Where(pair => alive.Contains(pair.Value.Node)))
        {
            _shards[shard] = place;
        }

        return (IReadOnlyList<(int, string)>)moves;
    });

    /// <summary>A router that would better live elsewhere, because another replica is where it is and none is there; null: there is none.</summary>
    public async Task<int?> FindCrowdedRouter()
    {
        IReadOnlyList<NodeStatus> nodes = await _census.Take();
        (int Replica, DevicePlace Place)[] routers =
        [
            .. from node in nodes
               from device in node.Devices
               from router in device.Routers
               where router.Model == _demand.Model
               select (router.Replica, new DevicePlace(node.Name, device.Name)),
        ];
        foreach ((int replica, DevicePlace place) in routers.OrderByDescending(router => router.Replica))
        {
            DevicePlace[] others = [.. routers.Where(other => other.Replica != replica).Select(other => other.Place)];
            RouterPlan plan = ShardPlanner.PlanRouter(_demand, replica, _memory.OfTrunk, _memory.OfCache, others, nodes, Nothing);
            if (plan.Place is { } better && others.Count(other => other.Node == better.Node) < others.Count(other => other.Node == place.Node))
            {
                return replica;
            }
        }

        return null;
    }

    /// <summary>A shard was found on a node, whatever was planned.</summary>
    public void Found(int shard, string node)
    {
        if (!_shards.TryGetValue(shard, out DevicePlace place) || place.Node != node)
        {
            _shards[shard] = new DevicePlace(node, place.Device ?? DeviceName);
        }
    }

    private static IReadOnlyDictionary<DevicePlace, long> Nothing { get; } = new Dictionary<DevicePlace, long>();

    // A node computes a model on one device.
    private string DeviceName { get; set; } = "cpu";

    private async Task PlanShards(Func<int, IReadOnlyList<LayerExpert>> experts)
    {
        IReadOnlyList<NodeStatus> nodes = await _census.Take();
        NodesSeen = [.. nodes.Select(node => node.Name)];

        // A node that is alive and too busy to answer keeps what it has.
        IEnumerable<string> silent = _census.Alive.Except(NodesSeen);
        ShardDemand[] demands =
        [
            .. from shard in Enumerable.Range(0, _shardCount)
               where !_shards.TryGetValue(shard, out DevicePlace place) || !silent.Contains(place.Node)
               select new ShardDemand(shard, _memory.OfExperts(experts(shard))),
        ];
        ShardPlan plan = ShardPlanner.PlanShards(_demand, demands, _shards, nodes, Nothing);
        Problem = plan.Refusal;
        foreach ((int shard, DevicePlace place) in plan.Places ?? throw Refused(plan.Refusal!))
        {
            _shards[shard] = place;
            DeviceName = place.Device;
        }
    }

    private ModelUnavailableException Refused(string reason) => new(_demand.Model, retryAfter: null, reason);

    private async Task<T> Plan<T>(Func<Task<T>> plan)
    {
        await _planning.WaitAsync();
        try
        {
            return await plan();
        }
        finally
        {
            _planning.Release();
        }
    }
}
