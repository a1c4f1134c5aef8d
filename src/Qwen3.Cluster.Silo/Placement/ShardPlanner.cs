using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>
/// Decides on which device of which node each shard and each router lives. What fits nowhere is refused with a sentence; nothing goes to a
/// device that does not suit. The same input gives the same plan.
/// <para>
/// Memory: a device's free bytes do not include what is loaded there, so a shard that is loaded where it stays needs nothing, and one that is
/// only on its way there needs its bytes. What a shard frees by leaving is not given away in the same plan: the moves of a plan may be
/// carried out in any order, and each shard can be loaded at its new place before it is dropped at the old one.
/// </para>
/// </summary>
internal static class ShardPlanner
{
    /// <summary>
    /// Spreads the shards of a model: as many on each device, give or take one, where memory allows it, and few of them elsewhere than
    /// they are. A shard moves because its node is gone, draining or does not suit any more, or for evenness.
    /// </summary>
    /// <param name="demand">The model, and what it asks of nodes.</param>
    /// <param name="shards">All its shards.</param>
    /// <param name="current">Where shards are or are on their way to; those that it does not name are nowhere yet.</param>
    /// <param name="nodes">The nodes that are up, draining ones included.</param>
    /// <param name="promised">Bytes on devices that were planned for other things and are not loaded yet.</param>
    public static ShardPlan PlanShards(
        NodeDemand demand, IReadOnlyList<ShardDemand> shards, IReadOnlyDictionary<int, DevicePlace> current,
        IReadOnlyList<NodeStatus> nodes, IReadOnlyDictionary<DevicePlace, long> promised)
    {
        // The even way first. If the large ones do not fit that way, the tight way may still find room for all.
        return TryPlan(isTight: false, out string refusal) ?? TryPlan(isTight: true, out _) ?? new ShardPlan { Refusal = refusal };

        ShardPlan? TryPlan(bool isTight, out string refusal)
        {
            var choice = new DeviceChoice(nodes, demand, promised);
            refusal = "";

            // 1. What is somewhere stays there.
            var homeless = new List<ShardDemand>();
            foreach (ShardDemand shard in shards.OrderBy(shard => shard.Shard))
            {
                DeviceRoom? home = current.TryGetValue(shard.Shard, out DevicePlace place)
                    ? choice.Devices.FirstOrDefault(device => device.Place == place)
                    : null;
                if (home?.Fits(demand.Model, shard) == true)
                {
                    home.Take(demand.Model, shard);
                }
                else
                {
                    homeless.Add(shard);
                }
            }

            // 2. The others, large ones first, go where they are loaded all the same, else where there are fewest; or, to leave the large rooms
            //    to large ones, where it is tightest.
            foreach (ShardDemand shard in homeless.OrderByDescending(shard => shard.Bytes).ThenBy(shard => shard.Shard))
            {
                IEnumerable<DeviceRoom> fitting = choice.Devices.Where(device => device.Fits(demand.Model, shard));
                DeviceRoom? home = isTight
                    ? fitting.MinBy(device => device.FreeBytes)
                    : fitting.MinBy(device => (device.NeedOf(demand.Model, shard) > 0, device.Shards.Count, -device.FreeBytes));
                if (home is null)
                {
                    refusal = choice.Refuse($"shard {shard.Shard} of '{demand.Model}'", shard.Bytes);
                    return null;
                }

                home.Take(demand.Model, shard);
            }

            // 3. From the fullest devices to the emptiest.
            while (TryEven(demand.Model, choice.Devices, current))
            {
            }

            return new ShardPlan
            {
                Places = choice.Devices.SelectMany(device => device.Shards.Select(shard => (shard.Shard, device.Place)))
                    .ToDictionary(pair => pair.Shard, pair => pair.Place),
            };
        }
    }

    /// <summary>Chooses the place of one replica of a model's router: a device that its trunk and cache fit on, of the node with fewest other replicas.</summary>
    /// <param name="demand">The model, and what it asks of nodes.</param>
    /// <param name="replica">The replica, from 0; one that is loaded somewhere already is to be loaded anew.</param>
    /// <param name="trunkBytes">Bytes of the trunk's weights.</param>
    /// <param name="cacheBytes">Bytes of its cache of keys and values.</param>
    /// <param name="others">Where the other replicas are or are on their way to.</param>
    /// <param name="nodes">The nodes that are up, draining ones included.</param>
    /// <param name="promised">Bytes on devices that were planned, for other replicas too, and are not loaded yet.</param>
    public static RouterPlan PlanRouter(
        NodeDemand demand, int replica, long trunkBytes, long cacheBytes, IReadOnlyList<DevicePlace> others,
        IReadOnlyList<NodeStatus> nodes, IReadOnlyDictionary<DevicePlace, long> promised)
    {
        var choice = new DeviceChoice(nodes, demand, promised);
        long bytes = trunkBytes + cacheBytes;
        DeviceRoom? home = choice.Devices.Where(device => bytes <= device.FreeBytes).MinBy(device => (
            others.Count(other => other.Node == device.Place.Node),
            others.Count(other => other == device.Place),
            -device.FreeBytes));
        return home is null
            ? new RouterPlan { Refusal = choice.Refuse($"router {replica} of '{demand.Model}'", bytes) }
            : new RouterPlan { Place = home.Place };
    }

    // Moves one shard from a device to one that has at least two fewer, the largest difference first. Each move lowers the sum of the squares
    // of the counts, so they end. A shard that is not there yet moves rather than one that is.
    private static bool TryEven(string model, IReadOnlyList<DeviceRoom> devices, IReadOnlyDictionary<int, DevicePlace> current)
    {
        foreach (DeviceRoom from in devices.OrderByDescending(device => device.Shards.Count))
        {
            foreach (DeviceRoom to in devices.Where(device => device.Shards.Count + 2 <= from.Shards.Count)
                .OrderBy(device => device.Shards.Count).ThenByDescending(device => device.FreeBytes))
            {
                ShardDemand? movable = from.Shards.Where(shard => to.Fits(model, shard))
                    .OrderBy(shard => current.TryGetValue(shard.Shard, out DevicePlace place) && place == from.Place)
                    .ThenBy(shard => shard.Shard)
                    .Cast<ShardDemand?>().FirstOrDefault();
                if (movable is { } shard)
                {
                    from.Release(model, shard);
                    to.Take(model, shard);
                    return true;
                }
            }
        }

        return false;
    }
}
