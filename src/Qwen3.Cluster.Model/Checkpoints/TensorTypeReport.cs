namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>The tensors of one element type.</summary>
/// <param name="Type">The format's name: <c>BF16</c>, <c>F8_E4M3</c>.</param>
/// <param name="TensorCount">How many.</param>
/// <param name="Bytes">Bytes of all of them.</param>
public sealed record TensorTypeReport(string Type, int TensorCount, long Bytes);
