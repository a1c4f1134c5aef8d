using Microsoft.Extensions.Diagnostics.HealthChecks;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Gateway.Hosting;

/// <summary>
/// Healthy when the first router of every model that the cluster is to serve answers. The first check of a model makes its router
/// load it; one that cannot be loaded makes the cluster unhealthy, however well the others do.
/// </summary>
internal sealed class ModelsHealthCheck(IGrainFactory grains) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<string> models = await grains.GetGrain<IModelCatalogGrain>(0).ListNames().WaitAsync(cancellationToken);
        if (models.Count == 0)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The cluster has no model.");
        }

        await Task.WhenAll(models.Select(model => RouterOf(model).GetStatus())).WaitAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }

    private IRouterGrain RouterOf(string model) =>
        grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, 0).ToString());
}
