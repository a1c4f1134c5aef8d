namespace Qwen3.Cluster.Silo.Placement;

/// <summary>A grain finds no node to live on; the message says why, and what would help.</summary>
/// <param name="message">Why.</param>
/// <param name="isPassing">Whether the cluster is about to notice that a node has gone, and the next try finds another.</param>
[GenerateSerializer, Alias("qwen3.NoPlaceException")]
internal sealed class NoPlaceException(string message, bool isPassing) : Exception(message)
{
    /// <summary>Whether the next try may find a place, though nothing is added.</summary>
    [Id(0)]
    public bool IsPassing { get; } = isPassing;
}
