using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>A model that wants one token above all at each position of a sequence, whatever comes before.</summary>
/// <param name="next">The token that follows the one at a position.</param>
internal sealed class ScriptedLanguageModel(Func<int, int> next) : ILanguageModel
{
    public int VocabularySize => TinyTokenizer.Size + 1;

    public int MaxPositions { get; init; } = 500;

    public int ExpertsPerToken => 1;

    public int PageSize => 8;

    public int PageCount { get; init; } = 64;

    public void Forward(StepBatch batch, Span<float> logits)
    {
        for (int row = 0; row < batch.LogitRows.Length; row++)
        {
            Span<float> ownLogits = logits.Slice(row * VocabularySize, VocabularySize);
            ownLogits.Clear();
            ownLogits[next(batch.Positions[batch.LogitRows[row]])] = 50;
        }
    }

    public void Dispose()
    {
    }
}
