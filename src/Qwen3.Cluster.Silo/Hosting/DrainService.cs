using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Hosting;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>
/// Holds up the end of a host until its streams have ended, at most <see cref="DrainOptions.DrainTimeLimit"/>. It runs before any
/// service of the host stops, so that the front door, the grains and the cluster are all still there for what is under way.
/// </summary>
internal sealed partial class DrainService(
    IEnumerable<IDrainParticipant> participants, DrainState state, IOptions<DrainOptions> options, TimeProvider time, ILogger<DrainService> logger)
    : IHostedLifecycleService
{
    private readonly IDrainParticipant[] _participants = [.. participants];

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.DrainTimeLimit, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            Task drained = Task.WhenAll(_participants.Select(participant => participant.DrainAsync(end.Token)));
            if (!drained.IsCompleted)
            {
                LogWaiting(Describe(), options.Value.DrainTimeLimit);
            }

            await drained;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            LogCutOff(Describe());
        }
        finally
        {
            state.End();
        }
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private string Describe() => string.Join(", ", _participants.Select(participant => participant.Describe));

    [LoggerMessage(LogLevel.Information, "The node stops when {Work} have ended, in {Limit} at the latest (Qwen3:DrainTimeLimit)")]
    private partial void LogWaiting(string work, TimeSpan limit);

    [LoggerMessage(LogLevel.Warning, "The node stops now; {Work} are cut off")]
    private partial void LogCutOff(string work);
}
