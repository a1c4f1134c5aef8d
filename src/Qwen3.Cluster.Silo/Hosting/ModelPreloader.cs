using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting.Clustering;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Loads every model while the silo starts, so that a started host answers. One that cannot be loaded does not keep the others from it.</summary>
internal sealed partial class ModelPreloader(
    ModelStore models,
    NodeCensus census,
    ClusteringConfiguration clustering,
    IGrainFactory grains,
    IOptions<Qwen3Options> options,
    TimeProvider time,
    ILogger<ModelPreloader> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer)
    {
        if (options.Value.Preload)
        {
            // Reading the files does not need the silo, and runs beside its start.
            observer.Subscribe(nameof(ModelPreloader), ServiceLifecycleStage.First, _ => Task.FromResult(models.Names.Select(models.Open).ToArray()));
            observer.Subscribe(nameof(ModelPreloader), ServiceLifecycleStage.Active + 1, LoadAll);
        }
    }

    private async Task LoadAll(CancellationToken cancellationToken)
    {
        int expected = clustering.Options.ExpectedSilos;
        long waiting = time.GetTimestamp();
        for (int i = 0; census.Alive.Count < expected; i++)
        {
            if (i % 50 == 0)
            {
                LogWaiting(census.Alive.Count, expected, time.GetElapsedTime(waiting).TotalSeconds);
            }

            await Task.Delay(TimeSpan.FromSeconds(0.2), time, cancellationToken);
        }

        await Task.WhenAll(models.Names.Select(Load));
    }

    private async Task Load(string model)
    {
        try
        {
            int replicas = (await models.Open(model)).Options.Replicas;
            await Task.WhenAll(Enumerable.Range(0, replicas)
                .Select(replica => grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, replica).ToString()).GetStatus()));
        }
        catch (Exception exception) when (exception is ModelUnavailableException or NoPlaceException || LostCall.Is(exception))
        {
            // The router tries again for a later request, and a node that comes later may have the room.
            LogNotLoaded(model, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Alive} of {Expected} silos are there (Qwen3:Cluster:ExpectedSilos) after {Seconds:0} s; models are loaded when all are")]
    private partial void LogWaiting(int alive, int expected, double seconds);

    [LoggerMessage(LogLevel.Warning, "The model '{Model}' does not answer yet: {Reason}")]
    private partial void LogNotLoaded(string model, string reason);
}
