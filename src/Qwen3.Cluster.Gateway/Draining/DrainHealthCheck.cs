using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Qwen3.Cluster.Gateway.Draining;

/// <summary>Unhealthy while the node drains, so that a load balancer sends nothing new.</summary>
internal sealed class DrainHealthCheck(OpenCalls calls) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(calls.IsDraining
            ? new HealthCheckResult(context.Registration.FailureStatus, $"The node shuts down when {calls.Describe} have ended.")
            : HealthCheckResult.Healthy());
}
