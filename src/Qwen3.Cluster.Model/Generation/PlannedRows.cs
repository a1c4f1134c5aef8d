namespace Qwen3.Cluster.Model.Generation;

/// <summary>The rows of one sequence in a step.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="RowCount">How many of its next tokens run.</param>
/// <param name="LogitRow">Which row of the logits is its own; null: its prompt goes on.</param>
internal readonly record struct PlannedRows(Sequence Sequence, int RowCount, int? LogitRow);
