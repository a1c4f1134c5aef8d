namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A model of the cluster cannot answer: it is loading, or could not be loaded.</summary>
/// <param name="model">The model.</param>
/// <param name="retryAfter">When it may answer; null: not before someone mends it.</param>
/// <param name="message">Which of the two, and the cause.</param>
[GenerateSerializer, Alias("qwen3.ModelUnavailableException")]
public sealed class ModelUnavailableException(string model, TimeSpan? retryAfter, string message) : Exception(message)
{
    /// <summary>The model.</summary>
    [Id(0)]
    public string Model { get; } = model;

    /// <summary>When it may answer; null: not before someone mends it.</summary>
    [Id(1)]
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
