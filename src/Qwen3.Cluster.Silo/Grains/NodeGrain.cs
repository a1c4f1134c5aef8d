using Orleans.Concurrency;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>Speaks for the node that it lives on. Reentrant: it is asked how the node is while it loads a shard.</summary>
[Reentrant, NodePlacement, CollectionAgeLimit(AlwaysActive = true)]
internal sealed class NodeGrain(ModelStore models, NodeInventory inventory, NodeShards shards) : Grain, INodeGrain
{
    /// <inheritdoc/>
    public async Task<NodeStatus> GetStatus()
    {
        // What the files are decides whether the node suits; those that cannot be opened are among the status's problems.
        await Task.WhenAll(models.Names.Select(async name =>
        {
            try
            {
                await models.Open(name);
            }
            catch (ModelUnavailableException)
            {
            }
        }));
        return inventory.Take();
    }

    /// <inheritdoc/>
    public async Task Prepare(string model, int shard, IReadOnlyList<LayerExpert> experts)
    {
        try
        {
            await shards.Prepare(new ModelGrainKey(model, shard), experts);
        }
        catch (Exception exception) when (exception is not ModelUnavailableException)
        {
            throw new ModelUnavailableException(
                model, retryAfter: null, $"Shard {shard} of '{model}' could not be loaded on {this.GetPrimaryKeyString()}: {exception.Message}");
        }
    }

    /// <inheritdoc/>
    public Task Release(ulong epoch) => shards.Release(epoch);
}
