using Microsoft.Extensions.Logging;

namespace Qwen3.Cluster.Silo.Hosting.Clustering;

/// <summary>Makes a gateway process wait at its start until a silo of its cluster answers, and say in its log that it does.</summary>
internal sealed partial class SiloWait(ClusteringConfiguration clustering, TimeProvider time, ILogger<SiloWait> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(5);

    private long? _since;
    private TimeSpan _nextLog;

    /// <inheritdoc/>
    /// <exception cref="ClusterUnavailableException">The time for it is over.</exception>
    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        _since ??= time.GetTimestamp();
        TimeSpan limit = clustering.Options.ConnectTimeLimit;
        TimeSpan waited = time.GetElapsedTime(_since.Value);
        string reason = exception.Message.ReplaceLineEndings(" ").TrimEnd('.');
        if (waited >= limit)
        {
            throw new ClusterUnavailableException(
                $"No silo of the cluster answered within {limit.TotalSeconds:0.#} s ({ClusteringOptions.Section}:{nameof(ClusteringOptions.ConnectTimeLimit)}): {reason}. "
                + "A silo is started by: qwen3 serve --role silo.",
                exception);
        }

        if (waited >= _nextLog)
        {
            _nextLog = waited + LogInterval;
            LogWaiting(waited.TotalSeconds, limit.TotalSeconds, reason);
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }

    [LoggerMessage(LogLevel.Information, "Waiting for a silo of the cluster ({Waited:0.#} of {Limit:0.#} s): {Reason}")]
    private partial void LogWaiting(double waited, double limit, string reason);
}
