using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Healthy while this silo is an active member of its cluster, and what Orleans watches inside it is well.</summary>
internal sealed class SiloHealthCheck(ISiloStatusOracle members, IEnumerable<IHealthCheckParticipant> participants, TimeProvider time) : IHealthCheck
{
    private DateTime _lastCheck = time.GetUtcNow().UtcDateTime;

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (members.CurrentStatus != SiloStatus.Active)
        {
            return Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus, $"The silo is {members.CurrentStatus}."));
        }

        DateTime lastCheck = _lastCheck;
        _lastCheck = time.GetUtcNow().UtcDateTime;
        foreach (IHealthCheckParticipant participant in participants)
        {
            if (!participant.CheckHealth(lastCheck, out string? reason))
            {
                return Task.FromResult(HealthCheckResult.Degraded(reason));
            }
        }

        return Task.FromResult(HealthCheckResult.Healthy());
    }
}
