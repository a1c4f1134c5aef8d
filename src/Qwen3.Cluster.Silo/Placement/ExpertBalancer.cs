using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>
/// Evens the load of the shards, to the same end as DeepSeek's EPLB (https://github.com/deepseek-ai/EPLB): the hottest experts are replicated,
/// and replicas are packed so that each shard has its slots and the same load. EPLB packs anew each time, which moves nearly every expert;
/// here each layer starts from where its experts are and takes only changes that lower its busiest shard, so that few have to be loaded
/// while streams run. The same input gives the same placement.
/// </summary>
internal static class ExpertBalancer
{
    /// <summary>A layer whose busiest shard has at most this many times the mean is left as it is.</summary>
    public const double GoodEnough = 1.1;

    // Changes go on to here, so that a load which drifts a little does not need the next ones at once.
    private const double Aim = 1.05;

    // A change takes at least this part of the mean off the busiest shard.
    private const double LeastGain = 0.01;

    // Standard deviations of a count. Counts of evenly used experts differ by so much by chance; it is no reason to move anything.
    private const double Chance = 3;

    /// <summary>A placement under which the load is as even as it can be made, or the current one.</summary>
    /// <param name="load">Tokens of each expert. A layer without any stays as it is.</param>
    /// <param name="current">Where the experts are.</param>
    /// <param name="slots">What fits on a shard.</param>
    public static ExpertPlacement Balance(ExpertLoad load, ExpertPlacement current, ExpertSlots slots)
    {
        LayerPacking[] packings = [.. Enumerable.Range(0, current.LayerCount).Select(layer => Pack(load.TokensOf(layer), current, layer))];
        foreach (LayerPacking packing in packings)
        {
            DropIdleReplicas(packing);
        }

        // One change at a time, where most tokens wait for the busiest shard: so the memory for replicas is shared by all layers that need some.
        int[] spare = [.. Enumerable.Range(0, current.ShardCount)
            .Select(shard => slots.PerShard - packings.Sum(packing => packing.ExpertsOf(shard).Count))];
        var waiting = new PriorityQueue<(int Layer, PackingSearch Search), (double Excess, int Layer)>();
        for (int layer = 0; layer < packings.Length; layer++)
        {
            LayerPacking packing = packings[layer];
            if (packing.Max > Math.Max(GoodEnough * packing.Mean, packing.Mean + ChanceOf(packing)))
            {
                var search = new PackingSearch(packing, Aim * packing.Mean, LeastGain * packing.Mean);
                waiting.Enqueue((layer, search), (packing.Mean - packing.Max, layer));
            }
        }

        while (waiting.TryDequeue(out (int Layer, PackingSearch Search) next, out _))
        {
            LayerPacking packing = packings[next.Layer];
            int[] held = HeldBy(packing);
            int layerSlots = ((packing.ExpertCount + packing.ShardCount - 1) / packing.ShardCount) + slots.ExtraPerLayer;
            if (next.Search.TryImprove([.. held.Select((count, shard) => Math.Min(layerSlots, count + spare[shard]))]))
            {
                for (int shard = 0; shard < spare.Length; shard++)
                {
                    spare[shard] += held[shard] - packing.ExpertsOf(shard).Count;
                }

                waiting.Enqueue(next, (packing.Mean - packing.Max, next.Layer));
            }
        }

        return new ExpertPlacement(current.ShardCount, [.. packings.Select(packing => packing.ToShards())]);
    }

    private static LayerPacking Pack(ReadOnlySpan<long> tokens, ExpertPlacement current, int layer)
    {
        var packing = new LayerPacking(tokens, current.ShardCount);
        for (int expert = 0; expert < packing.ExpertCount; expert++)
        {
            foreach (ushort shard in current.ShardsOf(layer, expert))
            {
                packing.Add(expert, shard);
            }
        }

        return packing;
    }

    // Replicas are idle when the shards that keep the expert can take their part, and none of them ends above the mean or as busy as the busiest
    // of its shards is now. To drop them costs nothing, and frees slots.
    private static void DropIdleReplicas(LayerPacking packing)
    {
        for (int expert = 0; expert < packing.ExpertCount; expert++)
        {
            // Those with least else to do keep it.
            int[] holders = [.. Enumerable.Range(0, packing.ShardCount).Where(shard => packing.Holds(shard, expert)).OrderBy(packing.LoadOf)];
            double limit = Math.Max(packing.Mean - ChanceOf(packing), packing.LoadOf(holders[^1]) - (LeastGain * packing.Mean));
            for (int copies = 1; copies < holders.Length; copies++)
            {
                double share = packing.TokensOf(expert) / copies;
                if (packing.LoadOf(holders[copies - 1]) - packing.ShareOf(expert) + share < limit)
                {
                    foreach (int shard in holders[copies..])
                    {
                        packing.Remove(expert, shard);
                    }

                    break;
                }
            }
        }
    }

    private static int[] HeldBy(LayerPacking packing) =>
        [.. Enumerable.Range(0, packing.ShardCount).Select(shard => packing.ExpertsOf(shard).Count)];

    private static double ChanceOf(LayerPacking packing) => Chance * Math.Sqrt(packing.Mean);
}
