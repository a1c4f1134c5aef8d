using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.UnitTests.Silo.Placement;

/// <summary>Shards and routers go where there is room, evenly, and few of them move. Sizes are in GB.</summary>
public class ShardPlannerTests
{
    private const double GB = 1e9;

    private static readonly NodeDemand Demand = new() { Model = "X" };

    private static readonly Dictionary<DevicePlace, long> Nothing = [];

    [Theory]
    [InlineData("100 100 100 100", 16, "4 4 4 4")]
    [InlineData("100 100 100 100 100", 16, "4 3 3 3 3")]
    [InlineData("100 100 100 100", 4, "1 1 1 1")]
    [InlineData("100 100 100 100", 2, "1 1 0 0")]
    // Where memory does not allow it, as evenly as it does.
    [InlineData("100 10 100", 9, "4 1 4")]
    [InlineData("95 5 0", 9, "9 0 0")]
    public void Shards_are_spread_evenly_where_memory_allows(string free, int shards, string counts)
    {
        NodeStatus[] nodes = [.. free.Split(' ').Select((gb, index) => Node($"n{index}", double.Parse(gb)))];

        ShardPlan plan = Plan(nodes, Shards(shards, 10));

        Assert.True(plan.IsPossible);
        Assert.Equal(Enumerable.Range(0, shards), plan.Places.Keys.Order());
        Assert.Equal(counts, string.Join(' ', nodes.Select(node => plan.Places.Values.Count(place => place.Node == node.Name))));
    }

    [Fact]
    public void Devices_count_not_nodes()
    {
        NodeStatus two = Node("a", 50) with { Devices = [Device("cuda:0", 50), Device("cuda:1", 50)] };

        ShardPlan plan = Plan([two, Node("b", 50)], Shards(3, 10));

        Assert.Equal(3, plan.Places!.Values.Distinct().Count());
    }

    [Fact]
    public void A_fifth_node_gets_three_of_sixteen_and_nothing_else_moves()
    {
        NodeStatus[] four = [.. Enumerable.Range(0, 4).Select(index => Node($"n{index}", 100))];
        IReadOnlyDictionary<int, DevicePlace> before = Plan(four, Shards(16, 10)).Places!;
        NodeStatus[] five = [.. Loaded(four, before, 10), Node("new", 100)];

        ShardPlan plan = Plan(five, Shards(16, 10), before);

        Assert.Equal(3, plan.Places!.Count(place => place.Value.Node == "new"));
        Assert.Equal(3, Moved(before, plan));
        Assert.Equal(plan.Places!.OrderBy(place => place.Key), Plan([.. five.Reverse()], Shards(16, 10), before).Places!.OrderBy(place => place.Key));
    }

    [Fact]
    public void Shards_of_a_dead_or_draining_node_go_to_the_others_and_those_stay()
    {
        NodeStatus[] nodes = [.. Enumerable.Range(0, 4).Select(index => Node($"n{index}", 100))];
        IReadOnlyDictionary<int, DevicePlace> before = Plan(nodes, Shards(16, 10)).Places!;
        nodes = Loaded(nodes, before, 10);

        ShardPlan dead = Plan(nodes[1..], Shards(16, 10), before);
        ShardPlan draining = Plan([nodes[0] with { IsDraining = true }, .. nodes[1..]], Shards(16, 10), before);

        Assert.Equal(4, Moved(before, dead));
        Assert.Equal(dead.Places!.OrderBy(place => place.Key), draining.Places!.OrderBy(place => place.Key));
        Assert.All(dead.Places!.Values.CountBy(place => place.Node), node => Assert.InRange(node.Value, 5, 6));
    }

    [Fact]
    public void What_is_loaded_is_not_in_the_free_bytes_and_needs_none_where_it_stays()
    {
        // Full to the last byte with the very shards that are to be there.
        NodeStatus full = Node("a", 0) with { Devices = [Device("cpu", 0, (0, 10), (1, 10))] };
        var before = new Dictionary<int, DevicePlace> { [0] = new("a", "cpu"), [1] = new("a", "cpu") };

        Assert.Equal(0, Moved(before, Plan([full], Shards(2, 10), before)));
        // Even where nobody remembers that they are there.
        Assert.Equal(0, Moved(before, Plan([full], Shards(2, 10))));
        Assert.Equal("a", Plan([full, Node("b", 90)], Shards(1, 10)).Places![0].Node);
        // Even where more was promised than there is.
        var promised = new Dictionary<DevicePlace, long> { [new("a", "cpu")] = 1 };
        Assert.True(ShardPlanner.PlanShards(Demand, Shards(2, 10), before, [full], promised).IsPossible);
        // One that has grown needs the difference.
        Assert.False(Plan([full], Shards(2, 10.5), before).IsPossible);
    }

    [Fact]
    public void What_is_on_its_way_still_needs_its_bytes()
    {
        var before = new Dictionary<int, DevicePlace> { [0] = new("a", "cpu") };

        Assert.Equal("b", Plan([Node("a", 9), Node("b", 20)], Shards(1, 10), before).Places![0].Node);
        Assert.Equal("a", Plan([Node("a", 10), Node("b", 20)], Shards(1, 10), before).Places![0].Node);
    }

    [Fact]
    public void What_a_shard_leaves_behind_is_not_given_away_before_it_is_gone()
    {
        // Shard 0 leaves the draining node; on b shard 1 is loaded and stays. There are 5 GB on b, whatever shard 0 frees elsewhere.
        NodeStatus draining = Node("a", 0) with { IsDraining = true, Devices = [Device("cpu", 0, (0, 10))] };
        NodeStatus other = Node("b", 5) with { Devices = [Device("cpu", 5, (1, 10), (7, 10))] };
        var before = new Dictionary<int, DevicePlace> { [0] = new("a", "cpu"), [1] = new("b", "cpu") };

        ShardPlan plan = Plan([draining, other], Shards(2, 10), before);

        Assert.Equal("shard 0 of 'X' needs 10.0 GB; the only node for it, 'b', has 5.0 GB left on cpu (of all 2, 1 draining): add a node, or memory, or serve less.", plan.Refusal);
    }

    [Fact]
    public void What_was_promised_to_others_is_taken()
    {
        var promised = new Dictionary<DevicePlace, long> { [new("a", "cpu")] = Bytes(15) };

        Assert.Equal("b", ShardPlanner.PlanShards(Demand, Shards(1, 10), Places(), [Node("a", 20), Node("b", 10)], promised).Places![0].Node);
        Assert.Equal("b", Router([Node("a", 20), Node("b", 10)], 8, 2, [], promised).Place!.Value.Node);
    }

    [Fact]
    public void Large_shards_find_room_where_the_even_way_leaves_none()
    {
        // Evenly, 8 goes to the freest, a, and the second 6 has nowhere to go; tightly, 8 goes to b and both 6 to a.
        ShardPlan plan = Plan([Node("a", 12), Node("b", 8)], [new(0, Bytes(6)), new(1, Bytes(8)), new(2, Bytes(6))]);

        Assert.Equal(["a", "b", "a"], plan.Places!.OrderBy(place => place.Key).Select(place => place.Value.Node));
    }

    [Fact]
    public void For_evenness_what_is_not_loaded_yet_moves_first()
    {
        // Tightly, 1 goes to b, and 2, 3 and 5 to a, which then has four shards. On c there is room for 0 or for 5.
        NodeStatus[] nodes = [Node("a", 13), Node("b", 8), Node("c", 1)];
        var before = new Dictionary<int, DevicePlace> { [0] = new("a", "cpu"), [4] = new("b", "cpu") };
        nodes[0] = nodes[0] with { Devices = [Device("cpu", 13, (0, 1))] };
        nodes[1] = nodes[1] with { Devices = [Device("cpu", 8, (4, 1))] };
        ShardDemand[] shards = [new(0, Bytes(1)), new(1, Bytes(8)), new(2, Bytes(6)), new(3, Bytes(6)), new(4, Bytes(1)), new(5, Bytes(1))];

        ShardPlan plan = Plan(nodes, shards, before);

        Assert.Equal(["a", "b", "a", "a", "b", "c"], plan.Places!.OrderBy(place => place.Key).Select(place => place.Value.Node));
    }

    [Fact]
    public void What_fits_nowhere_is_refused_with_numbers()
    {
        Assert.Equal(
            "shard 3 of 'X' needs 4.2 GB; the freest of 3 nodes, 'a', has 1.1 GB left on cpu: add a node, or memory, or serve less.",
            Plan([Node("a", 5.3), Node("b", 5), Node("c", 5)], Shards(4, 4.2)).Refusal);
        Assert.Equal(
            "shard 0 of 'X' needs 9.5 MB; the only node for it, 'a', has 1.0 MB left on cpu: add a node, or memory, or serve less.",
            Plan([Node("a", 0.001)], Shards(1, 0.0095)).Refusal);
        Assert.Equal("shard 0 of 'X' has no place: no node is up; start one that holds the model.", Plan([], Shards(1, 1)).Refusal);
    }

    [Fact]
    public void Nodes_that_do_not_suit_are_named_by_what_they_lack()
    {
        NodeDemand demand = Demand with { Kind = DeviceKind.Cuda, Labels = new Dictionary<string, string> { ["zone"] = "a", ["disk"] = "fast" } };
        var labels = new Dictionary<string, string> { ["zone"] = "a", ["disk"] = "fast", ["rack"] = "7" };
        NodeStatus suits = Node("e", 100) with { Labels = labels, Devices = [Device("cpu", 500), Device("cuda:0", 20) with { Kind = DeviceKind.Cuda }] };
        NodeStatus[] others =
        [
            Node("a", 100) with { Labels = labels, IsDraining = true },
            Node("b", 100) with { Labels = labels, Models = ["Y"] },
            Node("c", 100) with { Labels = new Dictionary<string, string> { ["zone"] = "b", ["disk"] = "fast" } },
            Node("d", 100),
            Node("f", 100) with { Labels = labels },
        ];
        const string Reasons = "1 draining, 1 without 'X' in their settings, 2 without the labels disk=fast, zone=a, 1 without a device of the kind Cuda";

        Assert.Equal(
            $"shard 0 of 'X' has no place: of 5 nodes, {Reasons}; start a node that suits, or change what the model asks for.",
            ShardPlanner.PlanShards(demand, Shards(1, 10), Places(), others, Nothing).Refusal);
        Assert.Equal(
            new DevicePlace("e", "cuda:0"), ShardPlanner.PlanShards(demand, Shards(1, 10), Places(), [.. others, suits], Nothing).Places![0]);
        Assert.Contains(
            $"'e', has 20.0 GB left on cuda:0 (of all 6, {Reasons}):",
            ShardPlanner.PlanShards(demand, Shards(1, 21), Places(), [.. others, suits], Nothing).Refusal);
    }

    [Fact]
    public void Nodes_with_other_files_of_the_model_get_no_part_of_it()
    {
        NodeDemand demand = Demand with { Fingerprint = 7 };
        NodeStatus[] nodes =
        [
            Node("a", 100) with { Fingerprints = new Dictionary<string, ulong> { ["X"] = 8 } },
            Node("b", 100),
            Node("c", 100) with { Fingerprints = new Dictionary<string, ulong> { ["X"] = 7, ["Y"] = 8 } },
        ];
        ShardPlan plan = ShardPlanner.PlanShards(demand, Shards(3, 10), Places(), nodes, Nothing);
        Assert.All(plan.Places!.Values, place => Assert.Equal("c", place.Node));
        Assert.Contains(
            "1 with another checkpoint of 'X', or other ExpertShards, DenseSlices, Precision or Cache, 1 unable to open the files of 'X'",
            ShardPlanner.PlanShards(demand, Shards(1, 10), Places(), nodes[..2], Nothing).Refusal);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Whatever_the_fleet_memory_is_respected_and_equal_shards_are_even_and_do_not_move_again(int seed)
    {
        var random = new Random(seed);
        NodeStatus[] nodes = [.. Enumerable.Range(0, random.Next(1, 7)).Select(index => Node($"n{index}", random.Next(0, 120)))];
        ShardDemand[] shards = Shards(random.Next(1, 20), 10);
        bool hasRoom = nodes.Sum(node => Math.Floor(node.Devices[0].FreeBytes / (10 * GB))) >= shards.Length;

        ShardPlan plan = Plan(nodes, shards);

        Assert.Equal(hasRoom, plan.IsPossible);
        if (!plan.IsPossible)
        {
            return;
        }

        int[] counts = [.. nodes.Select(node => plan.Places.Values.Count(place => place.Node == node.Name))];
        for (int i = 0; i < nodes.Length; i++)
        {
            long left = nodes[i].Devices[0].FreeBytes - (counts[i] * Bytes(10));
            Assert.True(left >= 0);
            Assert.True(left < Bytes(10) || counts[i] >= counts.Max() - 1);
        }

        Assert.Equal(0, Moved(plan.Places, Plan(Loaded(nodes, plan.Places, 10), shards, plan.Places)));
    }

    [Fact]
    public void Routers_go_where_trunk_and_cache_fit_and_replicas_to_different_nodes()
    {
        NodeStatus[] nodes =
        [
            Node("a", 0) with { Devices = [Device("cuda:0", 55), Device("cuda:1", 30)] },
            Node("b", 25),
            Node("c", 19),
        ];
        var places = new List<DevicePlace>();
        var promised = new Dictionary<DevicePlace, long>();
        for (int replica = 0; replica < 4; replica++)
        {
            RouterPlan plan = Router(nodes, 15, 5, places, promised);
            Assert.True(plan.IsPossible);
            places.Add(plan.Place.Value);
            promised[plan.Place.Value] = promised.GetValueOrDefault(plan.Place.Value) + Bytes(20);
        }

        // The freest first, then another node, then another device; c has no room for the cache.
        Assert.Equal([new("a", "cuda:0"), new("b", "cpu"), new("a", "cuda:1"), new("a", "cuda:0")], places);
        Assert.Equal(
            "router 0 of 'X' needs 20.0 GB; the freest of 3 nodes, 'c', has 19.0 GB left on cpu: add a node, or memory, or serve less.",
            Router(nodes, 15, 5, places, promised).Refusal);
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(0, 50)];

    private static ShardPlan Plan(NodeStatus[] nodes, ShardDemand[] shards, IReadOnlyDictionary<int, DevicePlace>? current = null) =>
        ShardPlanner.PlanShards(Demand, shards, current ?? Places(), nodes, Nothing);

    private static RouterPlan Router(
        NodeStatus[] nodes, double trunk, double cache, IReadOnlyList<DevicePlace> others, IReadOnlyDictionary<DevicePlace, long> promised) =>
        ShardPlanner.PlanRouter(Demand, 0, Bytes(trunk), Bytes(cache), others, nodes, promised);

    private static int Moved(IReadOnlyDictionary<int, DevicePlace> before, ShardPlan plan) =>
        before.Count(place => plan.Places![place.Key] != place.Value);

    private static Dictionary<int, DevicePlace> Places() => [];

    private static ShardDemand[] Shards(int count, double gigabytes) =>
        [.. Enumerable.Range(0, count).Select(shard => new ShardDemand(shard, Bytes(gigabytes)))];

    private static NodeStatus Node(string name, double free) =>
        new() { Name = name, Host = name, Version = "1", Models = ["X"], Devices = [Device("cpu", free)] };

    private static DeviceStatus Device(string name, double free, params (int Shard, double Size)[] shards) => new()
    {
        Name = name,
        FreeBytes = Bytes(free),
        Shards = [.. shards.Select(shard => new HostedShard { Model = "X", Shard = shard.Shard, Bytes = Bytes(shard.Size) })],
    };

    // The same nodes once the shards have been loaded.
    private static NodeStatus[] Loaded(NodeStatus[] nodes, IReadOnlyDictionary<int, DevicePlace> places, double size) => [.. nodes.Select(node =>
    {
        (int, double)[] shards = [.. places.Where(place => place.Value.Node == node.Name).Select(place => (place.Key, size))];
        return node with { Devices = [Device("cpu", (node.Devices[0].FreeBytes / GB) - (shards.Length * size), shards)] };
    })];

    private static long Bytes(double gigabytes) => (long)Math.Round(gigabytes * GB);
}
