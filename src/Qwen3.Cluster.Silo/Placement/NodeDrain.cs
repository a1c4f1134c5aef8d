using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Hosting;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>
/// Sends what lives on a node that is about to stop to the others: shards of experts as in any move, and routers, whose requests go on elsewhere.
/// Where there is no room for them they stay, and stop with the node once its requests have ended.
/// </summary>
internal sealed partial class NodeDrain(NodeInventory inventory, NodeCensus census, ModelStore models, IGrainFactory grains, ILogger<NodeDrain> logger)
    : IDrainParticipant
{
    /// <inheritdoc/>
    public string Describe => $"{inventory.PartCount} shards and routers";

    /// <inheritdoc/>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        inventory.IsDraining = true;
        if (census.Alive.Count > 1)
        {
            await Task.WhenAll(models.Names.Select(model => Leave(model, cancellationToken)));
        }
    }

    // Routers first: they take nothing new while their node drains.
    private async Task Leave(string model, CancellationToken cancellationToken)
    {
        var map = grains.GetGrain<IExpertMapGrain>(model);
        foreach (ModelGrainKey router in inventory.RoutersOf(model))
        {
            await Try(model, async () =>
            {
                await map.PlaceRouter(router.Index);
                await grains.GetGrain<IRouterGrain>(router.ToString()).Leave();
            }, cancellationToken);
        }

        await Try(model, () => map.Spread(), cancellationToken);
    }

    private async Task Try(string model, Func<Task> action, CancellationToken cancellationToken)
    {
        try
        {
            await action().WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogStays(model, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "What this node has of '{Model}' stays until it stops: {Reason}")]
    private partial void LogStays(string model, string reason);
}
