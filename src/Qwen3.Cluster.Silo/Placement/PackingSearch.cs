namespace Qwen3.Cluster.Silo.Placement;

/// <summary>
/// Finds the change of a layer's packing that takes most off its busiest shard for each expert that has to be loaded: a move, a swap or one
/// more replica. No shard that gets more may end where the busiest one was, so with each change the sorted loads fall, and the changes end.
/// </summary>
/// <param name="packing">The layer.</param>
/// <param name="aim">Tokens of a shard below which nothing is gained any more.</param>
/// <param name="leastGain">Tokens that a change has to take off the busiest shard, more than 0: less is not worth loading an expert.</param>
internal sealed class PackingSearch(LayerPacking packing, double aim, double leastGain)
{
    private int[] _slots = [];
    private int _busiest;
    private PackingChange? _best;
    private double _bestScore;

    /// <summary>Makes the best change.</summary>
    /// <param name="slots">For each shard the experts of this layer that it may hold; a shard may hold more, but gets no more then.</param>
    /// <returns>Whether there was one: the busiest shard was above the aim, and some single change helps.</returns>
    public bool TryImprove(int[] slots)
    {
        _slots = slots;
        if (packing.Max <= aim || FindBest() is not { } change)
        {
            return false;
        }

        change.ApplyTo(packing, _busiest);
        return true;
    }

    private PackingChange? FindBest()
    {
        _busiest = packing.Busiest;
        _best = null;
        _bestScore = 0;
        foreach (int expert in packing.ExpertsOf(_busiest))
        {
            double left = packing.LoadOf(_busiest) - packing.ShareOf(expert);
            if (packing.CopiesOf(expert) > 1)
            {
                Offer(new PackingChange(expert, null, Stays: false, null, Swaps: false), Math.Max(left, MaxAfterRise(expert, _busiest)));
            }

            double moved = packing.ShareOf(expert);
            double copied = packing.TokensOf(expert) / (packing.CopiesOf(expert) + 1);
            bool hasRoomBeside = packing.ExpertsOf(_busiest).Count < _slots[_busiest];
            for (int target = 0; target < packing.ShardCount; target++)
            {
                if (!packing.Holds(target, expert))
                {
                    OfferTo(target, expert, stays: false, left, packing.LoadOf(target) + moved, canSwap: true);
                    OfferTo(target, expert, stays: true, left + copied, packing.LoadOf(target) + copied, hasRoomBeside);
                }
            }
        }

        return _best;
    }

    // Offers all ways to find room on the target. The loads are those that the two shards have once the expert is there and nothing else changed.
    private void OfferTo(int target, int expert, bool stays, double relievedLoad, double targetLoad, bool canSwap)
    {
        if (packing.LoadOf(_busiest) - relievedLoad < leastGain)
        {
            return;
        }

        if (packing.ExpertsOf(target).Count < _slots[target])
        {
            Offer(new PackingChange(expert, target, stays, null, Swaps: false), Math.Max(relievedLoad, targetLoad));
        }

        foreach (int other in packing.ExpertsOf(target))
        {
            double share = packing.ShareOf(other);
            if (canSwap && !packing.Holds(_busiest, other))
            {
                Offer(new PackingChange(expert, target, stays, other, Swaps: true), Math.Max(relievedLoad + share, targetLoad - share));
            }

            if (packing.CopiesOf(other) > 1)
            {
                double relieved = packing.Holds(_busiest, other) ? relievedLoad + packing.RiseWithout(other) : relievedLoad;
                double highest = Math.Max(Math.Max(relieved, targetLoad - share), MaxAfterRise(other, target));
                Offer(new PackingChange(expert, target, stays, other, Swaps: false), highest);
            }
        }
    }

    // The highest load among the other shards of an expert, the busiest apart, when one shard lets go of it.
    private double MaxAfterRise(int expert, int without)
    {
        double highest = 0;
        double rise = packing.RiseWithout(expert);
        for (int shard = 0; shard < packing.ShardCount; shard++)
        {
            if (shard != without && shard != _busiest && packing.Holds(shard, expert))
            {
                highest = Math.Max(highest, packing.LoadOf(shard) + rise);
            }
        }

        return highest;
    }

    private void Offer(PackingChange change, double highest)
    {
        double before = packing.LoadOf(_busiest);
        double score = (before - Math.Max(highest, aim)) / (1 + change.Loads);
        if (before - highest >= leastGain && score > _bestScore)
        {
            _best = change;
            _bestScore = score;
        }
    }
}
