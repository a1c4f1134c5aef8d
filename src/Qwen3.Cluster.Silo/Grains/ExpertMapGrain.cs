using Orleans.Placement;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>Deals a model's experts out to its shards.</summary>
[PreferLocalPlacement]
internal sealed class ExpertMapGrain(ModelStore models) : Grain, IExpertMapGrain
{
    /// <inheritdoc/>
    public async Task<ExpertMap> GetMap()
    {
        ModelFiles files = await models.Open(this.GetPrimaryKeyString());
        int shards = files.Options.ExpertShards;

        // One by one, as cards are dealt: layers with fewer experts (a dense one has a few slices) are spread over all shards too.
        return new ExpertMap
        {
            ShardCount = shards,
            ShardOfExpert = Enumerable.Range(0, files.Layout.ExpertCount).Select(expert => expert % shards).ToArray(),
        };
    }
}
