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

    /// <summary>Rows of drafts.</summary>
    public int DraftRows { get; private set; }

    /// <summary>Whether it runs one token of each sequence, drafts apart: no chunk of a prompt.</summary>
    public bool IsDecode => Batch.RowCount - DraftRows == _rows.Count;

    /// <summary>Empties the plan.</summary>
    public void Clear(int maxRows)
    {
        Batch.Clear();
        _rows.Clear();
        (_logitRows, DraftRows, RowsLeft) = (0, 0, maxRows);
    }

    /// <summary>Adds the next tokens of a sequence, as many as there is room for; the logits of its last token are wanted.
    /// Drafts are added with the one token that such a sequence has pending.</summary>
    public void Add(Sequence sequence)
    {
        int rows = Math.Min(sequence.Pending, RowsLeft);
        if (rows == 0)
        {
            return;
        }

        bool reachesEnd = rows == sequence.Pending;
        int drafts = sequence.DraftsToRun;
        Batch.Add(
            sequence.TokensAndDrafts.Slice(sequence.Computed, rows + drafts),
            sequence.Computed,
            sequence.Pages.AsMemory(),
            sequence.ExpertLimit,
            drafts > 0 ? LogitRows.All : reachesEnd ? LogitRows.Last : LogitRows.None);
        _rows.Add(new PlannedRows(sequence, rows, drafts, reachesEnd ? _logitRows : null));
        _logitRows += reachesEnd ? 1 + drafts : 0;
        DraftRows += drafts;
        RowsLeft -= rows + drafts;
    }
}
