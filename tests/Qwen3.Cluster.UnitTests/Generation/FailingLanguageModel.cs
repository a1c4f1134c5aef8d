using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>A model whose logits are no numbers for some sequences; the others' are those of another model.</summary>
/// <param name="inner">The other model.</param>
/// <param name="fails">Whether a sequence with this limit of experts has bad logits at this position.</param>
internal sealed class FailingLanguageModel(ILanguageModel inner, Func<int, int, bool> fails) : ILanguageModel
{
    public int VocabularySize => inner.VocabularySize;

    public int MaxPositions => inner.MaxPositions;

    public int ExpertsPerToken => inner.ExpertsPerToken;

    public int PageSize => inner.PageSize;

    public int PageCount => inner.PageCount;

    public void Forward(StepBatch batch, Span<float> logits)
    {
        inner.Forward(batch, logits);
        int logitRow = 0;
        foreach (SequenceSlice slice in batch.Slices)
        {
            int lastRow = slice.FirstRow + slice.RowCount - 1;
            if (logitRow < batch.LogitRows.Length && batch.LogitRows[logitRow] == lastRow)
            {
                if (fails(slice.ExpertLimit, batch.Positions[lastRow]))
                {
                    logits.Slice(logitRow * VocabularySize, VocabularySize).Fill(float.NaN);
                }

                logitRow++;
            }
        }
    }

    public void Dispose() => inner.Dispose();
}
