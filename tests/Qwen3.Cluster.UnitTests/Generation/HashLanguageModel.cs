using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>
/// A model whose logits are a hash of all that its cache holds for the sequence, read through the page table. What it writes
/// for a position depends on all positions before it, so a wrong table, a page reused wrongly or a lost chunk changes every token
/// from there on. Its padding rows have the largest logits.
/// </summary>
internal sealed class HashLanguageModel : ILanguageModel
{
    private readonly ulong[] _cache;

    public HashLanguageModel(int pageSize, int pageCount, int maxPositions = 1000)
    {
        (PageSize, PageCount, MaxPositions) = (pageSize, pageCount, maxPositions);
        _cache = new ulong[pageSize * pageCount];
        Array.Fill(_cache, 0xBADUL);
    }

    public int VocabularySize { get; init; } = TinyTokenizer.Size + 9;

    public int MaxPositions { get; }

    public int ExpertsPerToken => 8;

    public int PageSize { get; }

    public int PageCount { get; }

    /// <summary>Added to a token's logit.</summary>
    public Func<int, float> Bias { get; init; } = _ => 0;

    /// <summary>Called before a step runs.</summary>
    public Action<StepBatch> BeforeForward { get; set; } = _ => { };

    public long RowsRun { get; private set; }

    /// <summary>The logits after some tokens, without any cache.</summary>
    public float[] Logits(ReadOnlySpan<int> tokens, int expertLimit)
    {
        ulong state = 0;
        for (int position = 0; position < tokens.Length; position++)
        {
            state = Mix(state, Content(state, tokens[position], position, expertLimit));
        }

        float[] logits = new float[VocabularySize];
        Fill(logits, state);
        return logits;
    }

    public void Forward(StepBatch batch, Span<float> logits)
    {
        BeforeForward(batch);
        HashSet<int> written = [];
        int logitRow = 0;
        foreach (SequenceSlice slice in batch.Slices)
        {
            ReadOnlySpan<int> pages = slice.Pages.Span;
            for (int row = slice.FirstRow; row < slice.FirstRow + slice.RowCount; row++)
            {
                int position = slice.FirstPosition + row - slice.FirstRow;
                Assert.Equal(position, batch.Positions[row]);
                ulong before = StateBefore(pages, position);
                int slot = Slot(pages, position);
                Assert.True(written.Add(slot), "Two rows of a step write to the same place of the cache.");
                _cache[slot] = Content(before, batch.TokenIds[row], position, slice.ExpertLimit);
                if (logitRow < batch.LogitRows.Length && batch.LogitRows[logitRow] == row)
                {
                    Fill(logits.Slice(logitRow++ * VocabularySize, VocabularySize), StateBefore(pages, position + 1));
                }

                RowsRun++;
            }
        }

        Assert.Equal(batch.LogitRows.Length, logitRow);
    }

    public void Dispose()
    {
    }

    private ulong StateBefore(ReadOnlySpan<int> pages, int position)
    {
        ulong state = 0;
        for (int earlier = 0; earlier < position; earlier++)
        {
            state = Mix(state, _cache[Slot(pages, earlier)]);
        }

        return state;
    }

    private int Slot(ReadOnlySpan<int> pages, int position) => (pages[position / PageSize] * PageSize) + (position % PageSize);

    private void Fill(Span<float> logits, ulong state)
    {
        for (int id = 0; id < logits.Length; id++)
        {
            float noise = (Mix(state, (ulong)id) >> 40) / (float)(1 << 24);
            logits[id] = id < TinyTokenizer.Size ? (8 * noise) - 4 + Bias(id) : 100;
        }
    }

    private static ulong Content(ulong before, int token, int position, int expertLimit) =>
        Mix(before, ((ulong)token << 32) ^ ((ulong)position << 8) ^ (ulong)expertLimit);

    private static ulong Mix(ulong state, ulong value)
    {
        ulong mixed = (state ^ value) + 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (mixed ^ (mixed >> 31)) + (state << 1);
    }
}
