using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>
/// How unevenly a load falls on the shards. A layer's figure is that of its busiest shard divided by the mean of all shards: 1 is even, and
/// the number of shards is the worst. The tokens of a replicated expert are split evenly over its replicas.
/// </summary>
/// <param name="Mean">The mean over the layers, each weighted by its tokens; layers without tokens count for nothing. 1 without any tokens.</param>
/// <param name="Worst">The figure of the worst layer; 1 without any tokens.</param>
/// <param name="WorstLayer">That layer, the first of equals; null without any tokens.</param>
internal readonly record struct ExpertImbalance(double Mean, double Worst, int? WorstLayer)
{
    /// <summary>Measures how a load falls on a placement of the same model.</summary>
    public static ExpertImbalance Of(ExpertLoad load, ExpertPlacement placement)
    {
        var result = new ExpertImbalance(1, 1, null);
        double sum = 0;
        double allTokens = 0;
        for (int layer = 0; layer < load.LayerCount; layer++)
        {
            double tokens = 0;
            foreach (long count in load.TokensOf(layer))
            {
                tokens += count;
            }

            if (tokens == 0)
            {
                continue;
            }

            double figure = ShardLoad.OfLayer(load, placement, layer).Max() * placement.ShardCount / tokens;
            sum += figure * tokens;
            allTokens += tokens;
            result = result with { Mean = sum / allTokens };
            if (result.WorstLayer is null || figure > result.Worst)
            {
                result = result with { Worst = figure, WorstLayer = layer };
            }
        }

        return result;
    }
}
