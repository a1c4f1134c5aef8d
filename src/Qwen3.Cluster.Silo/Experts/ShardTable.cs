using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>A map with the ways that this process has found to its shards.</summary>
/// <param name="Map">The map.</param>
/// <param name="Ways">For each shard.</param>
internal sealed record ShardTable(ExpertMap Map, IReadOnlyList<ShardTable.Way> Ways)
{
    /// <summary>For each shard, the number of its node: 0 to nodes − 1.</summary>
    public int[] Nodes { get; } = NumberNodes(Ways);

    /// <summary>Whether a shard is beyond this process.</summary>
    public bool IsRemote { get; } = Ways.Any(way => way.Local is null);

    /// <summary>Whether a shard is asked by grain calls, because no link could be opened.</summary>
    public bool LacksLinks { get; } = Ways.Any(way => way.Local is null && way.Link is null);

    /// <summary>Whether a router should take it instead of another one: of a later map, or of the same with links that the other lacks.</summary>
    public bool IsBetterThan(ShardTable other) =>
        Map.Version > other.Map.Version || (Map.Version == other.Map.Version && other.LacksLinks && !LacksLinks);

    /// <summary>The routes of one dispatch, those that leave this process first; the shards of one node share one.</summary>
    /// <param name="choices">The choices of each shard.</param>
    /// <param name="precision">Of the numbers on a wire.</param>
    public ShardRoute[] CreateRoutes(IReadOnlyList<ShardChoices> choices, Model.Experts.ActivationPrecision precision)
    {
        var routes = new List<ShardRoute>();
        foreach (IGrouping<NodeLink, Way> node in Ways.Where(way => way.Link is not null).GroupBy(way => way.Link!))
        {
            routes.Add(new LinkRoute([.. node.Select(way => choices[way.Endpoint.Shard])], node.Key, [.. node.Select(way => way.Endpoint.Epoch)], precision));
        }

        routes.AddRange(Ways.Where(way => way.Local is null && way.Link is null).Select(way => new GrainRoute(choices[way.Endpoint.Shard], way.Grain)));
        Way[] here = [.. Ways.Where(way => way.Local is not null)];
        if (here.Length > 0)
        {
            routes.Add(new LocalRoute([.. here.Select(way => choices[way.Endpoint.Shard])], [.. here.Select(way => way.Local!)]));
        }

        return [.. routes];
    }

    private static int[] NumberNodes(IReadOnlyList<Way> ways)
    {
        string[] names = [.. ways.Select(way => way.Endpoint.Link.Node).Distinct()];
        return [.. ways.Select(way => Array.IndexOf(names, way.Endpoint.Link.Node))];
    }

    /// <summary>The way to one shard: by reference, or by a link, or by grain calls.</summary>
    /// <param name="Endpoint">Where it is.</param>
    /// <param name="Local">The shard itself, if it is in this process.</param>
    /// <param name="Link">The link to its node, if there is one.</param>
    /// <param name="Grain">Its grain.</param>
    public sealed record Way(ShardEndpoint Endpoint, ExpertShard? Local, NodeLink? Link, IExpertShardGrain Grain);
}
