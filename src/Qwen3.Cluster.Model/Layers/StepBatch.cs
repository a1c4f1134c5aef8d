namespace Qwen3.Cluster.Model.Layers;

/// <summary>
/// One ragged step: chunks of prompts and newest tokens of many sequences, laid one after the other as rows [RowCount].
/// Made once and refilled for each step, so that steady state allocates nothing.
/// </summary>
public sealed class StepBatch
{
    private int[] _tokenIds = new int[256];
    private int[] _positions = new int[256];
    private int[] _sliceOfRow = new int[256];
    private int[] _logitRows = new int[64];
    private SequenceSlice[] _slices = new SequenceSlice[16];
    private int _logitRowCount;
    private int _sliceCount;

    /// <summary>Rows in the batch, over all sequences.</summary>
    public int RowCount { get; private set; }

    /// <summary>The token of each row, [RowCount].</summary>
    public ReadOnlySpan<int> TokenIds => _tokenIds.AsSpan(0, RowCount);

    /// <summary>The position in its sequence of each row, [RowCount].</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, RowCount);

    /// <summary>The index in <see cref="Slices"/> of each row's sequence, [RowCount].</summary>
    public ReadOnlySpan<int> SliceOfRow => _sliceOfRow.AsSpan(0, RowCount);

    /// <summary>The sequences, in the order of their rows.</summary>
    public ReadOnlySpan<SequenceSlice> Slices => _slices.AsSpan(0, _sliceCount);

    /// <summary>The rows whose logits are wanted, ascending.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, _logitRowCount);

    /// <summary>Empties the batch for the next step.</summary>
    public void Clear() => RowCount = _logitRowCount = _sliceCount = 0;

    /// <summary>Adds the rows of one sequence.</summary>
    /// <param name="tokenIds">Its tokens in this step; at least one.</param>
    /// <param name="firstPosition">Position of the first of them in the sequence.</param>
    /// <param name="pages">Its page table, see <see cref="SequenceSlice.Pages"/>.</param>
    /// <param name="expertLimit">Experts that a token may use, see <see cref="SequenceSlice.ExpertLimit"/>.</param>
    /// <param name="wanted">Which of the rows get logits.</param>
    public void Add(ReadOnlySpan<int> tokenIds, int firstPosition, ReadOnlyMemory<int> pages, int expertLimit, LogitRows wanted)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tokenIds.Length, nameof(tokenIds));
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfLessThan(expertLimit, 1);

        int end = RowCount + tokenIds.Length;
        EnsureRoom(ref _tokenIds, end);
        EnsureRoom(ref _positions, end);
        EnsureRoom(ref _sliceOfRow, end);
        EnsureRoom(ref _slices, _sliceCount + 1);
        tokenIds.CopyTo(_tokenIds.AsSpan(RowCount));
        for (int i = 0; i < tokenIds.Length; i++)
        {
            _positions[RowCount + i] = firstPosition + i;
        }

        _sliceOfRow.AsSpan(RowCount, tokenIds.Length).Fill(_sliceCount);

        _slices[_sliceCount++] = new SequenceSlice(RowCount, tokenIds.Length, firstPosition, pages, expertLimit);
        int firstWanted = wanted switch { Layers.LogitRows.All => RowCount, Layers.LogitRows.Last => end - 1, _ => end };
        EnsureRoom(ref _logitRows, _logitRowCount + end - firstWanted);
        for (int row = firstWanted; row < end; row++)
        {
            _logitRows[_logitRowCount++] = row;
        }

        RowCount = end;
    }

    /// <summary>Lays its sequences into two batches, in their order, with about half of the rows each. There must be two or more.</summary>
    public void Split(StepBatch first, StepBatch second)
    {
        first.Clear();
        second.Clear();
        int logitRow = 0;
        for (int i = 0; i < _sliceCount; i++)
        {
            // The middle of the sequence's rows decides; none of the two stays empty.
            SequenceSlice slice = _slices[i];
            bool isFirst = i == 0 || (i < _sliceCount - 1 && (2 * slice.FirstRow) + slice.RowCount <= RowCount);
            int logitCount = CountWanted(slice, ref logitRow);
            LogitRows wanted = logitCount == slice.RowCount ? Layers.LogitRows.All : logitCount > 0 ? Layers.LogitRows.Last : Layers.LogitRows.None;
            (isFirst ? first : second).Add(
                _tokenIds.AsSpan(slice.FirstRow, slice.RowCount), slice.FirstPosition, slice.Pages, slice.ExpertLimit, wanted);
        }
    }

    /// <summary>Lays the rows whose logits are wanted into another batch, in their order; there all are wanted.</summary>
    public void SelectWanted(StepBatch wanted)
    {
        wanted.Clear();
        int logitRow = 0;
        foreach (SequenceSlice slice in Slices)
        {
            // They are the slice's last.
            int count = CountWanted(slice, ref logitRow);
            int skipped = slice.RowCount - count;
            if (count > 0)
            {
                wanted.Add(
                    _tokenIds.AsSpan(slice.FirstRow + skipped, count), slice.FirstPosition + skipped, slice.Pages, slice.ExpertLimit, Layers.LogitRows.All);
            }
        }
    }

    private int CountWanted(SequenceSlice slice, ref int logitRow)
    {
        int first = logitRow;
        while (logitRow < _logitRowCount && _logitRows[logitRow] < slice.FirstRow + slice.RowCount)
        {
            logitRow++;
        }

        return logitRow - first;
    }

    private static void EnsureRoom<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            Array.Resize(ref array, Math.Max(length, array.Length * 2));
        }
    }
}
