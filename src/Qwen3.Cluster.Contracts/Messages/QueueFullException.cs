namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A queue is full: try again later.</summary>
[GenerateSerializer, Alias("qwen3.QueueFullException")]
public sealed class QueueFullException(TimeSpan retryAfter, string message) : Exception(message)
{
    /// <summary>When there may be room.</summary>
    [Id(0)]
    public TimeSpan RetryAfter { get; } = retryAfter;
}
