using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.UnitTests.Silo.Placement;

public class ExpertImbalanceTests
{
    [Fact]
    public void Replicas_share_evenly_and_layers_count_by_their_tokens()
    {
        var placement = new ExpertPlacement(2, [[[0, 1], [0]], [[0], [1]], [[0], [0]]]);
        var load = new ExpertLoad([2, 2, 2]);
        load.Add(0, [60, 40]); // 30 + 40 and 30: 70 / 50
        load.Add(1, [150, 150]); // even

        ExpertImbalance imbalance = ExpertImbalance.Of(load, placement);

        Assert.Equal(((1.4 * 100) + (1.0 * 300)) / 400, imbalance.Mean, tolerance: 1e-12);
        Assert.Equal(1.4, imbalance.Worst, tolerance: 1e-12);
        Assert.Equal(0, imbalance.WorstLayer);

        // The third layer, all on one shard, counts as soon as it has a token.
        load.Add(2, [1, 0]);
        Assert.Equal((140 + 300 + 2) / 401.0, ExpertImbalance.Of(load, placement).Mean, tolerance: 1e-12);
        Assert.Equal(2, ExpertImbalance.Of(load, placement).WorstLayer);
    }

    [Fact]
    public void No_tokens_are_even() =>
        Assert.Equal(new ExpertImbalance(1, 1, null), ExpertImbalance.Of(new ExpertLoad([4]), ExpertPlacement.Dealt([4], 2)));
}
