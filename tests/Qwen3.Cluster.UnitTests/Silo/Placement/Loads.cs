using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.UnitTests.Silo.Placement;

/// <summary>Loads of a given shape, from a seed.</summary>
internal static class Loads
{
    /// <summary>The k-th most used expert of a layer has tokens in proportion to 1 / k^exponent; which experts those are differs from layer to layer.</summary>
    public static ExpertLoad Zipf(double exponent, IReadOnlyList<int> expertCounts, int seed, int tokens = 1_000_000)
    {
        var random = new Random(seed);
        var load = new ExpertLoad(expertCounts);
        for (int layer = 0; layer < expertCounts.Count; layer++)
        {
            double[] weights = [.. Enumerable.Range(1, expertCounts[layer]).Select(rank => Math.Pow(rank, -exponent))];
            double sum = weights.Sum();
            long[] counts = [.. weights.Select(weight => (long)(tokens * weight / sum))];
            random.Shuffle(counts);
            load.Add(layer, counts);
        }

        return load;
    }

    /// <summary>A load of one layer.</summary>
    public static ExpertLoad Of(params long[] tokens)
    {
        var load = new ExpertLoad([tokens.Length]);
        load.Add(0, tokens);
        return load;
    }

    /// <summary>The same number of experts in each layer.</summary>
    public static int[] Experts(int layers, int experts) => [.. Enumerable.Repeat(experts, layers)];

    /// <summary>Experts that all shards have to load.</summary>
    public static int LoadCount(ExpertPlacement from, ExpertPlacement to) => ShardMoves.Between(from, to).Sum(moves => moves.Load.Count);
}
