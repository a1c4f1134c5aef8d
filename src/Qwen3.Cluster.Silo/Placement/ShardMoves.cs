using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>What a shard has to do on the way from one placement to another.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Load">Experts that it must have before routers follow the new placement, by layer and expert.</param>
/// <param name="Drop">Experts that it may let go of once no router follows the old one, by layer and expert.</param>
internal sealed record ShardMoves(int Shard, IReadOnlyList<LayerExpert> Load, IReadOnlyList<LayerExpert> Drop)
{
    /// <summary>The shards that have something to do, ascending.</summary>
    /// <exception cref="ArgumentException">The two placements are not of the same model.</exception>
    public static IReadOnlyList<ShardMoves> Between(ExpertPlacement from, ExpertPlacement to)
    {
        if (from.ShardCount != to.ShardCount || from.LayerCount != to.LayerCount
            || Enumerable.Range(0, from.LayerCount).Any(layer => from.ExpertCountOf(layer) != to.ExpertCountOf(layer)))
        {
            throw new ArgumentException("The two placements are of models with other layers, experts or shards.", nameof(to));
        }

        var load = new List<LayerExpert>[from.ShardCount];
        var drop = new List<LayerExpert>[from.ShardCount];
        for (int shard = 0; shard < from.ShardCount; shard++)
        {
            load[shard] = [];
            drop[shard] = [];
        }

        for (int layer = 0; layer < from.LayerCount; layer++)
        {
            for (int expert = 0; expert < from.ExpertCountOf(layer); expert++)
            {
                AddMissing(from.ShardsOf(layer, expert), to.ShardsOf(layer, expert), drop, new LayerExpert(layer, expert));
                AddMissing(to.ShardsOf(layer, expert), from.ShardsOf(layer, expert), load, new LayerExpert(layer, expert));
            }
        }

        return [.. Enumerable.Range(0, from.ShardCount)
            .Where(shard => load[shard].Count + drop[shard].Count > 0)
            .Select(shard => new ShardMoves(shard, load[shard], drop[shard]))];
    }

    // Adds the expert to the lists of those shards that are not among the others.
    private static void AddMissing(
        ReadOnlySpan<ushort> shards, ReadOnlySpan<ushort> others, List<LayerExpert>[] lists, LayerExpert expert)
    {
        foreach (ushort shard in shards)
        {
            if (!others.Contains(shard))
            {
                lists[shard].Add(expert);
            }
        }
    }
}
