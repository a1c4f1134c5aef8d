using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>Finds for a map the ways to its shards: those of this process by reference, the others by links, which are opened here.</summary>
internal sealed class ShardFinder(ModelStore models, NodeShards local, LinkCatalog links, IGrainFactory grains)
{
    /// <summary>The ways to all shards of a map.</summary>
    /// <param name="model">The model.</param>
    /// <param name="map">Its map.</param>
    /// <exception cref="ModelUnavailableException">A shard has another checkpoint or other settings than this node.</exception>
    public async Task<ShardTable> Find(string model, ExpertMap map)
    {
        ulong fingerprint = (await models.Open(model)).Fingerprint;
        if (map.Shards.FirstOrDefault(endpoint => endpoint.Fingerprint != fingerprint) is { } other)
        {
            throw new ModelUnavailableException(
                model, retryAfter: null, $"The node {other.Link.Node} has another checkpoint of '{model}' than this one, or other ExpertShards, DenseSlices, Precision or Cache: give all nodes the same.");
        }

        return new ShardTable(map, await Task.WhenAll(map.Shards.Select(endpoint => Find(model, endpoint))));
    }

    private async Task<ShardTable.Way> Find(string model, ShardEndpoint endpoint)
    {
        var grain = grains.GetGrain<IExpertShardGrain>(new ModelGrainKey(model, endpoint.Shard).ToString());
        ExpertShard? here = local.Find(endpoint.Epoch);
        return new ShardTable.Way(endpoint, here, here is null ? await links.Get(endpoint.Link) : null, grain);
    }
}
