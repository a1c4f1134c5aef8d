using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>The routers that follow the map of one model. For one grain.</summary>
internal sealed partial class MapReaders(string model, IGrainFactory grains, ILogger logger)
{
    private readonly HashSet<int> _replicas = [];

    /// <summary>A router follows the map from now on.</summary>
    public void Add(int replica) => _replicas.Add(replica);

    /// <summary>Tells the routers of a map; none uses an older one when this returns.</summary>
    /// <param name="map">The map.</param>
    /// <param name="except">A replica that hears of it otherwise.</param>
    public Task Tell(ExpertMap map, int? except = null) =>
        Task.WhenAll(_replicas.Where(replica => replica != except).ToArray().Select(replica => Tell(replica, map)));

    private async Task Tell(int replica, ExpertMap map)
    {
        try
        {
            await grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, replica).ToString()).UseMap(map);
        }
        catch (Exception exception)
        {
            // It asks for the map when it is back, or when a shard does not answer.
            _replicas.Remove(replica);
            LogNotTold(exception, replica, model);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Replica {Replica} of '{Model}' could not be told of a new map")]
    private partial void LogNotTold(Exception exception, int replica, string model);
}
