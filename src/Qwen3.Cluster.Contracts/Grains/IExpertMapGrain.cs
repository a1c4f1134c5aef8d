using Orleans.Concurrency;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>
/// Which shard of a model holds which experts, where its shards and routers live, and how busy the experts are. Key: the model.
/// Never on the token path.
/// </summary>
[Alias("qwen3.IExpertMapGrain")]
public interface IExpertMapGrain : IGrainWithStringKey
{
    /// <summary>The map for a router, which is told of every later one. Loads shards that are not loaded.</summary>
    /// <param name="replica">The router that asks.</param>
    /// <exception cref="ModelUnavailableException">A shard finds no place or cannot be loaded.</exception>
    [Alias("GetMap"), ResponseTimeout(LoadTimeLimit.Text)]
    Task<ExpertMap> GetMap(int replica);

    /// <summary>A map with other endpoints for shards that did not answer: they are loaded again where their node is gone.</summary>
    /// <param name="replica">The router that asks.</param>
    /// <param name="epochs">The epochs that did not answer.</param>
    /// <exception cref="ModelUnavailableException">A shard finds no place or cannot be loaded.</exception>
    [Alias("Replace"), ResponseTimeout(LoadTimeLimit.Text)]
    Task<ExpertMap> Replace(int replica, IReadOnlyList<ulong> epochs);

    /// <summary>What a shard is to hold.</summary>
    [Alias("GetExperts")]
    Task<IReadOnlyList<LayerExpert>> GetExperts(int shard);

    /// <summary>The node for a shard that is about to be activated.</summary>
    /// <exception cref="ModelUnavailableException">There is no room for it; the message has the numbers.</exception>
    [Alias("PlaceShard")]
    Task<string> PlaceShard(int shard);

    /// <summary>The node for a router that is about to be activated.</summary>
    /// <exception cref="ModelUnavailableException">There is no room for it; the message has the numbers.</exception>
    [Alias("PlaceRouter")]
    Task<string> PlaceRouter(int replica);

    /// <summary>Adds to the load counts: choices of each layer's experts since the router's last report; empty: none. The router is told of later maps.</summary>
    [Alias("ReportLoad")]
    Task ReportLoad(int replica, long[][] choices);

    /// <summary>Evens the load of the shards, by the counts so far: moves experts among them and replicates the busiest. Streams go on.</summary>
    [Alias("Rebalance"), ResponseTimeout(LoadTimeLimit.Text)]
    Task<BalanceReport> Rebalance();

    /// <summary>Spreads the shards evenly over the nodes that there are; those of a node that drains move away. Streams go on.</summary>
    /// <returns>How many shards moved.</returns>
    [Alias("Spread"), ResponseTimeout(LoadTimeLimit.Text)]
    Task<int> Spread();

    /// <summary>What a topology shows of the model; loads nothing.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<ExpertMapStatus> GetStatus();
}
