namespace Qwen3.Cluster.Model.Generation;

/// <summary>The rows of one sequence in a step.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="RowCount">How many of its next tokens run, drafts not counted.</param>
/// <param name="DraftCount">How many drafts run behind them, each in a row with logits.</param>
/// <param name="LogitRow">Which row of the logits is its last token's, those of the drafts behind it; null: its prompt goes on.</param>
internal readonly record struct PlannedRows(Sequence Sequence, int RowCount, int DraftCount, int? LogitRow);
