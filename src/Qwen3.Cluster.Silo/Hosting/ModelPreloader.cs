using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Loads every model while the silo starts, so that a started host answers. One that cannot be loaded does not keep the others from it.</summary>
internal sealed class ModelPreloader(ModelStore models, IGrainFactory grains, IOptions<Qwen3Options> options) : ILifecycleParticipant<ISiloLifecycle>
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
            await grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, 0).ToString()).GetStatus();
        }
        catch (ModelUnavailableException)
        {
            // The router has logged it, and tries again for a later request.
        }
    }
}
