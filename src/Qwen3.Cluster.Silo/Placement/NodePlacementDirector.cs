using Orleans.Runtime.Placement;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Reads the silo's address from the grain's key.</summary>
internal sealed class NodePlacementDirector : IPlacementDirector
{
    /// <inheritdoc/>
    /// <exception cref="NoPlaceException">The silo is not, or no longer, in the cluster.</exception>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string node = target.GrainIdentity.Key.ToString()!;
        return Task.FromResult(
            context.GetCompatibleSilos(target).FirstOrDefault(silo => silo.ToParsableString() == node)
            ?? throw new NoPlaceException($"The node {node} is not in the cluster any more.", isPassing: true));
    }
}
