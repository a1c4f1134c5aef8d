namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>One expert of one layer: what shards load, drop and move.</summary>
/// <param name="Layer">0 to layers − 1.</param>
/// <param name="Expert">0 to the experts of the layer − 1.</param>
[GenerateSerializer, Immutable, Alias("qwen3.LayerExpert")]
public readonly record struct LayerExpert(int Layer, int Expert);
