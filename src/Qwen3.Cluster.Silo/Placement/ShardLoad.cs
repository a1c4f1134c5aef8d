using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>How a load falls on the shards. The tokens of a replicated expert are split evenly over its replicas.</summary>
internal static class ShardLoad
{
    /// <summary>[shards]: the tokens of one layer that fall on each.</summary>
    public static double[] OfLayer(ExpertLoad load, ExpertPlacement placement, int layer)
    {
        var shardTokens = new double[placement.ShardCount];
        ReadOnlySpan<long> tokens = load.TokensOf(layer);
        for (int expert = 0; expert < tokens.Length; expert++)
        {
            ReadOnlySpan<ushort> shards = placement.ShardsOf(layer, expert);
            foreach (ushort shard in shards)
            {
                shardTokens[shard] += (double)tokens[expert] / shards.Length;
            }
        }

        return shardTokens;
    }

    /// <summary>[shards]: the share of the tokens of all layers that falls on each; they add up to 1. Empty without any tokens.</summary>
    public static double[] Shares(ExpertLoad load, ExpertPlacement placement)
    {
        var sums = new double[placement.ShardCount];
        for (int layer = 0; layer < load.LayerCount; layer++)
        {
            double[] tokens = OfLayer(load, placement, layer);
            for (int shard = 0; shard < sums.Length; shard++)
            {
                sums[shard] += tokens[shard];
            }
        }

        double all = sums.Sum();
        return all > 0 ? [.. sums.Select(sum => sum / all)] : [];
    }
}
