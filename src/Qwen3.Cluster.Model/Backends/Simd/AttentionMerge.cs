namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>A head of a row whose blocks several threads computed.</summary>
/// <param name="Row">The row, in the batch.</param>
/// <param name="Head">The head of the queries.</param>
/// <param name="FirstPart">Where its first block is among the parts; the others follow.</param>
/// <param name="BlockCount">Blocks.</param>
internal readonly record struct AttentionMerge(int Row, int Head, int FirstPart, int BlockCount);
