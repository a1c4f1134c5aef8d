using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Operations;

/// <summary>One line of a node's devices: a device, and what it holds of one model. Empty texts repeat nothing that stands above.</summary>
/// <param name="Device">Its name and threads: <c>cpu ×2</c>.</param>
/// <param name="Memory">Used of what there is.</param>
/// <param name="Model">Whose parts the rest is about.</param>
/// <param name="Shards">Shards of the model there.</param>
/// <param name="Experts">Experts in them.</param>
/// <param name="Load">The share of the model's load that falls on them, 0 to 1; null: there are none, or none was counted.</param>
/// <param name="Router">A router of the model, and what it has to do.</param>
public sealed record DeviceLine(
    string Device = "", string Memory = "", string Model = "", string Shards = "", string Experts = "", double? Load = null, string Router = "")
{
    /// <summary>The lines of a node: one for each router, and at least one for each model of each device, and for each device.</summary>
    /// <param name="node">The node.</param>
    /// <param name="topology">The cluster that it is in.</param>
    /// <param name="isWide">Whether there is room for all figures; else memory stands below its device, and caches are left out.</param>
    public static IEnumerable<DeviceLine> Of(Node node, Topology topology, bool isWide)
    {
        foreach (Device device in node.Devices)
        {
            List<DeviceLine> lines = [.. topology.Models.SelectMany(model => Of(device, model, topology, isWide)).DefaultIfEmpty(new DeviceLine())];
            string memory = ByteUnits.Of((long)(device.MemoryBytes - device.FreeBytes), (long)device.MemoryBytes);
            lines[0] = lines[0] with { Device = $"{device.Name} ×{device.Threads}", Memory = memory };
            if (!isWide)
            {
                lines.AddRange(lines.Count == 1 ? [new DeviceLine()] : []);
                lines[1] = lines[1] with { Device = memory };
            }

            foreach (DeviceLine line in lines)
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<DeviceLine> Of(Device device, ModelStatus model, Topology topology, bool isWide)
    {
        Shard[] shards = [.. device.Shards.Where(shard => shard.Model == model.Name)];
        string[] routers = [.. device.Routers.Where(router => router.Model == model.Name).Select(router => Describe(router, isWide))];
        if (shards.Length == 0 && routers.Length == 0)
        {
            yield break;
        }

        yield return new DeviceLine(
            Model: model.Name,
            Shards: ShardRanges.Of(shards.Select(shard => shard.Index)),
            Experts: shards.Length == 0 ? "" : $"{shards.Sum(shard => shard.Experts):N0}",
            Load: shards.Length == 0 || model.Experts is not { LoadShares.Count: > 0 } experts
                ? null
                : shards.Sum(shard => experts.LoadShares[(int)shard.Index] / CopiesOf(shard, topology)),
            Router: routers.FirstOrDefault(""));
        foreach (string router in routers.Skip(1))
        {
            yield return new DeviceLine(Router: router);
        }
    }

    // A shard that moves is in two places.
    private static int CopiesOf(Shard shard, Topology topology) =>
        topology.Nodes.SelectMany(node => node.Devices).SelectMany(device => device.Shards)
            .Count(other => other.Model == shard.Model && other.Index == shard.Index);

    private static string Describe(Router router, bool hasCache)
    {
        string cache = !hasCache || router.CachePages == 0 ? "" : $", cache {(double)router.CachePagesUsed / router.CachePages:P0}";
        return $"{router.Replica}: {router.Running} running, {router.Waiting} waiting{cache}";
    }
}
