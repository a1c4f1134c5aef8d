namespace Qwen3.Cluster.Model.Layers;

/// <summary>The rows of one sequence in a <see cref="StepBatch"/>: a chunk of its prompt, or its newest token.</summary>
/// <param name="FirstRow">Index of its first row in the batch.</param>
/// <param name="RowCount">Number of its rows; 1 or more.</param>
/// <param name="FirstPosition">Position of its first row in the sequence: what the cache holds before it.</param>
/// <param name="Pages">
/// Its page table: position p lives in page <c>Pages[p / PageSize]</c>, at offset <c>p % PageSize</c>.
/// It covers every position up to the slice's last.
/// </param>
/// <param name="ExpertLimit">How many experts a token of it may use, 1 to the model's own k; the weights renormalise over those kept.</param>
public readonly record struct SequenceSlice(int FirstRow, int RowCount, int FirstPosition, ReadOnlyMemory<int> Pages, int ExpertLimit);
