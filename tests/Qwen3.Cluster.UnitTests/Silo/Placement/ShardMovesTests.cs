using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.UnitTests.Silo.Placement;

public class ShardMovesTests
{
    [Fact]
    public void Each_shard_is_told_what_to_load_and_what_it_may_drop()
    {
        var from = new ExpertPlacement(4, [[[0], [1]], [[0], [1, 2]]]);
        var to = new ExpertPlacement(4, [[[0, 2], [1]], [[1], [0, 1]]]);

        IReadOnlyList<ShardMoves> moves = ShardMoves.Between(from, to);

        Assert.Equal([0, 1, 2], moves.Select(move => move.Shard));
        Assert.Equal([new LayerExpert(1, 1)], moves[0].Load);
        Assert.Equal([new LayerExpert(1, 0)], moves[0].Drop);
        Assert.Equal([new LayerExpert(1, 0)], moves[1].Load);
        Assert.Empty(moves[1].Drop);
        Assert.Equal([new LayerExpert(0, 0)], moves[2].Load);
        Assert.Equal([new LayerExpert(1, 1)], moves[2].Drop);
        Assert.Empty(ShardMoves.Between(to, to));
    }

    [Fact]
    public void Placements_of_two_models_are_refused() =>
        Assert.Throws<ArgumentException>(() => ShardMoves.Between(ExpertPlacement.Dealt([4], 2), ExpertPlacement.Dealt([3], 2)));
}
