using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Loads every model while the silo starts, so that a started host answers. One that cannot be loaded does not keep the others from it.</summary>
internal sealed partial class ModelPreloader(
    ModelStore models, IGrainFactory grains, IOptions<Qwen3Options> options, ILogger<ModelPreloader> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer)
    {
        if (options.Value.Preload)
        {
            // Reading the files does not need the silo, and runs beside its start.
            observer.Subscribe(nameof(ModelPreloader), ServiceLifecycleStage.First, _ => Task.FromResult(models.Names.Select(models.Open).ToArray()));
            observer.Subscribe(nameof(ModelPreloader), ServiceLifecycleStage.Active + 1, _ => Task.WhenAll(models.Names.Select(Load)));
        }
    }

    private async Task Load(string model)
    {
        try
        {
            int replicas = (await models.Open(model)).Options.Replicas;
            await Task.WhenAll(Enumerable.Range(0, replicas)
                .Select(replica => grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, replica).ToString()).GetStatus()));
        }
        catch (Exception exception) when (exception is ModelUnavailableException or NoPlaceException)
        {
            // The router tries again for a later request, and a node that comes later may have the room.
            LogNotLoaded(model, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The model '{Model}' does not answer yet: {Reason}")]
    private partial void LogNotLoaded(string model, string reason);
}
