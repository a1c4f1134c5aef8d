using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.UnitTests.Silo.Placement;

/// <summary>The load of shards is evened, within their memory, by few moves.</summary>
public class ExpertBalancerTests
{
    [Theory]
    [InlineData(1.0, 8, 9)]
    [InlineData(1.2, 8, 9)]
    [InlineData(0.8, 16, 15)]
    [InlineData(1.0, 16, 20)]
    [InlineData(1.2, 16, 25)]
    [InlineData(1.5, 16, 28)]
    public void A_skewed_load_becomes_even_by_few_moves(double exponent, int shards, int loadsPerLayer)
    {
        int[] experts = Loads.Experts(layers: 94, experts: 128);
        ExpertLoad load = Loads.Zipf(exponent, experts, seed: 1);
        ExpertPlacement dealt = ExpertPlacement.Dealt(experts, shards);
        Assert.True(ExpertImbalance.Of(load, dealt).Mean >= 2.0);

        ExpertPlacement even = ExpertBalancer.Balance(load, dealt, new ExpertSlots(ExtraPerLayer: 2));

        Assert.InRange(ExpertImbalance.Of(load, even).Worst, 1, 1.2);
        // Packing anew would load nearly all 128 of each layer.
        Assert.InRange(Loads.LoadCount(dealt, even), 1, 94 * loadsPerLayer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void It_is_as_even_as_DeepSeeks_packing_where_it_is_not_even_enough_anyway(int extra)
    {
        int[] experts = Loads.Experts(layers: 6, experts: 64);
        // Steeper ones do not occur: of 8 different experts that a token chooses, one has at most an eighth of all choices.
        foreach (double exponent in (double[])[0.4, 0.8, 1.2, 1.5])
        {
            ExpertLoad load = Loads.Zipf(exponent, experts, seed: extra);

            ExpertPlacement even = ExpertBalancer.Balance(load, ExpertPlacement.Dealt(experts, 8), new ExpertSlots(extra));

            for (int layer = 0; layer < experts.Length; layer++)
            {
                double theirs = DeepSeekBalancer.Imbalance(load, layer, shardCount: 8, slotsPerShard: 8 + extra);
                Assert.InRange(LayerImbalance(load, even, layer), 1, Math.Max(1.2, 1.05 * theirs));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Whatever_the_load_nothing_gets_worse_and_no_slot_is_exceeded(int seed)
    {
        var random = new Random(seed);
        int shards = random.Next(1, 12);
        int[] experts = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(1, 40))];
        ExpertPlacement placement = ExpertPlacement.Dealt(experts, shards);
        int extra = random.Next(0, 4);
        int perShard = Enumerable.Range(0, shards).Max(shard => placement.ExpertsOf(shard).Count) + random.Next(0, 2 * experts.Length);
        var slots = new ExpertSlots(extra, perShard);
        ExpertLoad load = new(experts);
        for (int window = 0; window < 4; window++)
        {
            load.Halve();
            AddRandom(load, experts, random);

            ExpertPlacement next = ExpertBalancer.Balance(load, placement, slots);

            Assert.True(next.SameAs(ExpertBalancer.Balance(load, placement, slots)));
            Assert.Equal(experts, Enumerable.Range(0, next.LayerCount).Select(next.ExpertCountOf));
            for (int shard = 0; shard < shards; shard++)
            {
                IReadOnlyList<LayerExpert> held = next.ExpertsOf(shard);
                Assert.InRange(held.Count, 0, perShard);
                Assert.All(
                    held.CountBy(expert => expert.Layer),
                    layer => Assert.InRange(layer.Value, 1, ((experts[layer.Key] + shards - 1) / shards) + extra));
            }

            for (int layer = 0; layer < experts.Length; layer++)
            {
                double before = LayerImbalance(load, placement, layer);
                Assert.InRange(LayerImbalance(load, next, layer), 1 - 1e-9, before + 1e-9);
            }

            placement = next;
        }
    }

    [Fact]
    public void An_even_load_moves_nothing()
    {
        int[] experts = Loads.Experts(layers: 4, experts: 128);
        ExpertPlacement dealt = ExpertPlacement.Dealt(experts, 16);
        var random = new Random(5);
        var load = new ExpertLoad(experts);
        for (int layer = 0; layer < 4; layer++)
        {
            load.Add(layer, [.. Enumerable.Range(0, 128).Select(_ => (long)random.Next(90_000, 110_000))]);
        }

        Assert.True(dealt.SameAs(ExpertBalancer.Balance(load, dealt, new ExpertSlots(4))));
    }

    [Fact]
    public void Chance_moves_nothing()
    {
        // 30 tokens on each shard, thrown at random: the busiest has far more than 1.1 times the mean, and it means nothing.
        int[] experts = Loads.Experts(layers: 10, experts: 128);
        ExpertPlacement dealt = ExpertPlacement.Dealt(experts, 16);
        var random = new Random(6);
        var load = new ExpertLoad(experts);
        for (int layer = 0; layer < 10; layer++)
        {
            var counts = new long[128];
            for (int token = 0; token < 16 * 30; token++)
            {
                counts[random.Next(128)]++;
            }

            load.Add(layer, counts);
        }

        Assert.True(ExpertImbalance.Of(load, dealt).Mean > 1.25);
        Assert.True(dealt.SameAs(ExpertBalancer.Balance(load, dealt, new ExpertSlots(4))));
    }

    [Fact]
    public void What_was_just_evened_stays()
    {
        int[] experts = Loads.Experts(layers: 20, experts: 128);
        ExpertLoad load = Loads.Zipf(1.0, experts, seed: 7);
        var slots = new ExpertSlots(2);
        ExpertPlacement even = ExpertBalancer.Balance(load, ExpertPlacement.Dealt(experts, 16), slots);

        Assert.Equal(0, Loads.LoadCount(even, ExpertBalancer.Balance(load, even, slots)));
    }

    [Fact]
    public void Layers_without_tokens_stay_as_they_are()
    {
        var placement = new ExpertPlacement(2, [[[0, 1], [0]], [[0], [0]]]);
        var load = new ExpertLoad([2, 2]);
        load.Add(1, [1000, 1000]);

        ExpertPlacement next = ExpertBalancer.Balance(load, placement, new ExpertSlots(1));

        Assert.Equal([0, 1], next.ShardsOf(0, 0).ToArray().Select(shard => (int)shard));
        Assert.Equal(1, ExpertImbalance.Of(load, next).Mean);
        Assert.Equal(1, Loads.LoadCount(placement, next));
    }

    [Fact]
    public void Slices_that_every_token_uses_are_replicated_onto_idle_shards_where_there_are_slots()
    {
        ExpertPlacement dealt = ExpertPlacement.Dealt([4], 8);
        ExpertLoad load = Loads.Of(1000, 1000, 1000, 1000);

        Assert.True(dealt.SameAs(ExpertBalancer.Balance(load, dealt, new ExpertSlots(0, PerShard: 0))));
        Assert.Equal(2, ExpertImbalance.Of(load, dealt).Mean);
        ExpertPlacement even = ExpertBalancer.Balance(load, dealt, new ExpertSlots(0));
        Assert.Equal(1, ExpertImbalance.Of(load, even).Mean, tolerance: 1e-9);
        Assert.Equal(4, Loads.LoadCount(dealt, even));
    }

    [Fact]
    public void The_last_slots_go_where_most_tokens_wait()
    {
        // One expert of each layer has all tokens, and both shards have memory for one expert more: two layers can have a replica.
        ExpertPlacement dealt = ExpertPlacement.Dealt([2, 2, 2], 2);
        var load = new ExpertLoad([2, 2, 2]);
        load.Add(0, [1000, 0]);
        load.Add(1, [9000, 0]);
        load.Add(2, [4000, 0]);

        ExpertPlacement next = ExpertBalancer.Balance(load, dealt, new ExpertSlots(ExtraPerLayer: 1, PerShard: 4));

        Assert.Equal([1, 2, 2], Enumerable.Range(0, 3).Select(layer => next.ShardsOf(layer, 0).Length));
    }

    [Fact]
    public void Replicas_that_cooled_make_room_for_those_that_are_hot_now()
    {
        ExpertPlacement placement = ExpertPlacement.Dealt([8, 8], 4);
        var slots = new ExpertSlots(ExtraPerLayer: 1, PerShard: 5);
        ExpertLoad first = new([8, 8]);
        first.Add(0, [80_000, 1000, 1000, 1000, 1000, 1000, 1000, 1000]);
        first.Add(1, [10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000]);
        placement = ExpertBalancer.Balance(first, placement, slots);
        Assert.Equal(4, placement.ShardsOf(0, 0).Length);

        // The heat has gone to the other layer; all slots are taken by replicas that nobody needs any more.
        ExpertLoad second = new([8, 8]);
        second.Add(0, [10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000]);
        second.Add(1, [1000, 80_000, 1000, 1000, 1000, 1000, 1000, 1000]);
        Assert.True(ExpertImbalance.Of(second, placement).Worst > 2);
        ExpertPlacement next = ExpertBalancer.Balance(second, placement, slots);

        Assert.Equal(4, next.ShardsOf(1, 1).Length);
        Assert.InRange(ExpertImbalance.Of(second, next).Worst, 1, 1.2);
    }

    [Fact]
    public void A_shard_over_a_lowered_limit_takes_on_no_more()
    {
        // Shard 1 would be the place for replicas, but its memory is full; nothing else is wrong with it.
        var placement = new ExpertPlacement(2, [[[0], [0], [1], [1], [1]]]);
        ExpertLoad load = Loads.Of(10_000, 8000, 0, 0, 0);

        ExpertPlacement next = ExpertBalancer.Balance(load, placement, new ExpertSlots(ExtraPerLayer: 2, PerShard: 2));

        Assert.InRange(next.ExpertsOf(0).Count, 0, 2);
        Assert.InRange(next.ExpertsOf(1).Count, 0, 3);
        // A swap needs no slot.
        Assert.InRange(ExpertImbalance.Of(load, next).Mean, 1, 1.2);
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(0, 40)];

    private static void AddRandom(ExpertLoad load, int[] experts, Random random)
    {
        for (int layer = 0; layer < experts.Length; layer++)
        {
            double exponent = 2 * random.NextDouble();
            int scale = random.Next(4) == 0 ? 0 : (int)Math.Pow(10, random.Next(1, 7));
            long[] counts = [.. Enumerable.Range(1, experts[layer]).Select(rank => (long)(scale * Math.Pow(rank, -exponent)))];
            random.Shuffle(counts);
            load.Add(layer, counts);
        }
    }

    private static double LayerImbalance(ExpertLoad load, ExpertPlacement placement, int layer)
    {
        var one = new ExpertLoad([load.TokensOf(layer).Length]);
        one.Add(0, load.TokensOf(layer));
        int[][] shards = [.. Enumerable.Range(0, placement.ExpertCountOf(layer))
            .Select(expert => placement.ShardsOf(layer, expert).ToArray().Select(shard => (int)shard).ToArray())];
        return ExpertImbalance.Of(one, new ExpertPlacement(placement.ShardCount, [shards])).Mean;
    }
}
