using Orleans.Metadata;
using Orleans.Runtime.Placement;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Asks the expert map, unless the grain is on its way to a node that was named when it set out.</summary>
internal sealed class ModelPlacementDirector(IGrainFactory grains, GrainTypeResolver types) : IPlacementDirector
{
    /// <inheritdoc/>
    /// <exception cref="NoPlaceException">There is room nowhere: a grain put on the wrong node would be worse than none.</exception>
    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } hint)
        {
            return hint;
        }

        ModelGrainKey key = ModelGrainKey.Parse(target.GrainIdentity.Key.ToString()!);
        var map = grains.GetGrain<IExpertMapGrain>(key.Model);
        string node;
        try
        {
            node = target.GrainIdentity.Type == types.GetGrainType(typeof(Grains.RouterGrain))
                ? await map.PlaceRouter(key.Index)
                : await map.PlaceShard(key.Index);
        }
        catch (ModelUnavailableException exception)
        {
            throw new NoPlaceException(exception.Message, isPassing: false);
        }

        return silos.FirstOrDefault(silo => silo.ToParsableString() == node)
            ?? throw new NoPlaceException($"The place of {key}, {node}, has left the cluster meanwhile; try again.", isPassing: true);
    }
}
