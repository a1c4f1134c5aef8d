using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>The routers that follow the map of one model. For one grain.</summary>
internal sealed partial class MapReaders(string model, IGrainFactory grains, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    private readonly HashSet<int> _replicas = [];

    /// <summary>Whether any does.</summary>
    public bool Any => _replicas.Count > 0;

    /// <summary>A router follows the map from now on.</summary>
    public void Add(int replica) => _replicas.Add(replica);

    /// <summary>The latest map that a router of some nodes uses; null: there is none.</summary>
    public async Task<ExpertMap?> FindMap(IReadOnlyList<NodeStatus> nodes)
    {
        ExpertMap?[] maps = await Task.WhenAll(nodes
            .SelectMany(node => node.Devices)
            .SelectMany(device => device.Routers)
            .Where(router => router.Model == model)
            .Select(router => Ask(router.Replica)));
        return maps.OfType<ExpertMap>().MaxBy(map => map.Version);
    }

    /// <summary>Tells the routers of a map.</summary>
    /// <param name="map">The map.</param>
    /// <param name="except">A replica that hears of it otherwise.</param>
    /// <returns>Whether none uses an older one any more; one that could not be told may.</returns>
    public async Task<bool> Tell(ExpertMap map, int? except = null)
    {
        bool[] told = await Task.WhenAll(_replicas.Where(replica => replica != except).ToArray().Select(replica => Tell(replica, map)));
        return told.All(isTold => isTold);
    }

    private async Task<bool> Tell(int replica, ExpertMap map)
    {
        try
        {
            await grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, replica).ToString()).UseMap(map);
            return true;
        }
        catch (Exception exception)
        {
            // It asks for the map when it is back, or when a shard does not answer.
            _replicas.Remove(replica);
            LogNotTold(exception, replica, model);
            return false;
        }
    }

    private async Task<ExpertMap?> Ask(int replica)
    {
        try
        {
            return await grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, replica).ToString()).GetMap().WaitAsync(AnswerLimit, time);
        }
        catch (Exception exception)
        {
            // Another one may know, or the map is drawn anew.
            LogSilent(replica, model, exception.Message);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Debug, "Replica {Replica} of '{Model}' does not say what map it has: {Reason}")]
    private partial void LogSilent(int replica, string model, string reason);

    [LoggerMessage(LogLevel.Warning, "Replica {Replica} of '{Model}' could not be told of a new map")]
    private partial void LogNotTold(Exception exception, int replica, string model);
}
