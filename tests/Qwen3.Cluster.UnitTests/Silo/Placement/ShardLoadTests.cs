using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.UnitTests.Silo.Placement;

/// <summary>What a topology shows of each shard's load.</summary>
public sealed class ShardLoadTests
{
    [Fact]
    public void Shares_are_over_all_layers_and_split_the_tokens_of_replicas()
    {
        var load = new ExpertLoad([2, 1]);
        load.Add(0, [30, 20]);
        load.Add(1, [50]);
        var placement = new ExpertPlacement(3, [[[0, 1], [1]], [[2]]]);

        Assert.Equal([0.15, 0.35, 0.5], ShardLoad.Shares(load, placement));
    }

    [Fact]
    public void Without_tokens_there_are_none() => Assert.Empty(ShardLoad.Shares(new ExpertLoad([2]), new ExpertPlacement(2, [[[0], [1]]])));
}
