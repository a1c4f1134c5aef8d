using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>What one step runs: the batch for the model, and whose rows they are. Refilled for each step.</summary>
internal sealed class StepPlan
{
    private readonly List<PlannedRows> _rows = [];
    private int _logitRows;

    /// <summary>The batch for the model.</summary>
    public StepBatch Batch { get; } = new();

    /// <summary>Whose rows they are, in the batch's order.</summary>
    public IReadOnlyList<PlannedRows> Rows => _rows;

    /// <summary>Rows that may still be added.</summary>
    public int RowsLeft { get; private set; }

    /// <summary>Empties the plan.</summary>
    public void Clear(int maxRows)
    {
        Batch.Clear();
        _rows.Clear();
        (_logitRows, RowsLeft) = (0, maxRows);
    }

    /// <summary>Adds the next tokens of a sequence, as many as there is room for; the logits of its last token are wanted.</summary>
    public void Add(Sequence sequence)
    {
        int rows = Math.Min(sequence.Pending, RowsLeft);
        if (rows == 0)
        {
            return;
        }

        bool reachesEnd = rows == sequence.Pending;
        Batch.Add(
            sequence.Tokens.Slice(sequence.Computed, rows),
            sequence.Computed,
            sequence.Pages.AsMemory(),
            sequence.ExpertLimit,
            reachesEnd ? LogitRows.Last : LogitRows.None);
        _rows.Add(new PlannedRows(sequence, rows, reachesEnd ? _logitRows++ : null));
        RowsLeft -= rows;
    }
}
