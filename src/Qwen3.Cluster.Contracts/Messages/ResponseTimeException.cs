namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>No answer would be there within the response time: ask for a longer one, or come back later.</summary>
/// <param name="earliest">The shortest response time that could be met now.</param>
/// <param name="retryAfter">When the one that was asked for may be met.</param>
/// <param name="message">Says so.</param>
[GenerateSerializer, Alias("qwen3.ResponseTimeException")]
public sealed class ResponseTimeException(TimeSpan earliest, TimeSpan retryAfter, string message) : Exception(message)
{
    /// <summary>The shortest response time that could be met now.</summary>
    [Id(0)]
    public TimeSpan Earliest { get; } = earliest;

    /// <summary>When the one that was asked for may be met.</summary>
    [Id(1)]
    public TimeSpan RetryAfter { get; } = retryAfter;
}
