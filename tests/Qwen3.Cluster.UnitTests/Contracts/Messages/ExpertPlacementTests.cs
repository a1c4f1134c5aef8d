using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.UnitTests.Contracts.Messages;

public class ExpertPlacementTests
{
    [Fact]
    public void Experts_are_dealt_like_cards_in_every_layer()
    {
        ExpertPlacement placement = ExpertPlacement.Dealt([5, 2], 3);

        Assert.Equal(3, placement.ShardCount);
        Assert.Equal(2, placement.LayerCount);
        Assert.Equal([5, 2], [placement.ExpertCountOf(0), placement.ExpertCountOf(1)]);
        Assert.Equal([0, 1, 2, 0, 1], Enumerable.Range(0, 5).Select(expert => (int)Assert.Single(placement.ShardsOf(0, expert).ToArray())));
        Assert.Equal([new(0, 0), new(0, 3), new(1, 0)], placement.ExpertsOf(0));
        Assert.Equal([new(0, 1), new(0, 4), new(1, 1)], placement.ExpertsOf(1));
        Assert.Equal([new LayerExpert(0, 2)], placement.ExpertsOf(2));
    }

    [Fact]
    public void A_replicated_expert_has_its_shards_in_order_and_the_order_given_does_not_count()
    {
        var placement = new ExpertPlacement(4, [[[3, 0, 2], [1]]]);

        Assert.Equal<ushort>([0, 2, 3], placement.ShardsOf(0, 0).ToArray());
        Assert.Equal<ushort>([1], placement.ShardsOf(0, 1).ToArray());
        Assert.True(placement.SameAs(new ExpertPlacement(4, [[[0, 2, 3], [1]]])));
    }

    [Fact]
    public void Placements_that_differ_anywhere_are_not_the_same()
    {
        var placement = new ExpertPlacement(4, [[[0], [1]], [[2]]]);

        Assert.False(placement.SameAs(new ExpertPlacement(5, [[[0], [1]], [[2]]])));
        Assert.False(placement.SameAs(new ExpertPlacement(4, [[[0]], [[1], [2]]])));
        Assert.False(placement.SameAs(new ExpertPlacement(4, [[[0], [1, 2]], [[2]]])));
        Assert.False(placement.SameAs(new ExpertPlacement(4, [[[0, 1], [2]], [[2]]])));
        Assert.False(placement.SameAs(new ExpertPlacement(4, [[[0], [1]], [[3]]])));
    }

    [Fact]
    public void An_expert_beyond_its_layer_is_not_one_of_the_next() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ExpertPlacement.Dealt([2, 2], 2).ShardsOf(0, 2).Length);

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 4 })]
    [InlineData(new[] { -1 })]
    [InlineData(new[] { 2, 1, 2 })]
    public void Experts_without_a_place_are_refused(int[] shards)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => new ExpertPlacement(4, [[[0]], [[1], shards]]));

        Assert.StartsWith("Expert 1 of layer 1 is to be on the shards [", exception.Message);
        Assert.Contains("it must be on at least one of 0 to 3, and on none twice.", exception.Message);
    }
}
