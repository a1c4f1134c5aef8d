using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// A model whose replies are a given text, whatever its weights are: each step costs what it costs, and then the logit of the token that is to come is
/// made the largest. So one model can be timed with text of every kind.
/// </summary>
/// <param name="model">What is timed; stays the caller's.</param>
/// <param name="next">The token behind a position.</param>
internal sealed class ScriptedText(ILanguageModel model, Func<int, int> next) : ILanguageModel
{
    public int VocabularySize => model.VocabularySize;

    public int MaxPositions => model.MaxPositions;

    public int ExpertsPerToken => model.ExpertsPerToken;

    public int PageSize => model.PageSize;

    public int PageCount => model.PageCount;

    public void Forward(StepBatch batch, Span<float> logits)
    {
        model.Forward(batch, logits);
        for (int row = 0; row < batch.LogitRows.Length; row++)
        {
            logits[(row * VocabularySize) + next(batch.Positions[batch.LogitRows[row]])] = 1e9f;
        }
    }

    public void Dispose()
    {
    }
}
