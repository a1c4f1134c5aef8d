namespace Qwen3.Cluster.Silo.Placement;

/// <summary>A grain finds no node to live on; the message says why, and what would help.</summary>
[GenerateSerializer, Alias("qwen3.NoPlaceException")]
internal sealed class NoPlaceException(string message) : Exception(message);
