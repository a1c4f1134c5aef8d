using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>A model that wants one token above all at each position of a sequence, whatever comes before.</summary>
/// <param name="next">The token that follows the one at a position.</param>
internal sealed class ScriptedLanguageModel(Func<int, int> next) : ILanguageModel
{
    /// <summary>The length of the prompts that <see cref="Replying"/> is made for.</summary>
    public const int PromptLength = 10;

    public int VocabularySize => TinyTokenizer.Size + 1;

    public int MaxPositions { get; init; } = 500;

    public int ExpertsPerToken => 1;

    public int PageSize => 8;

    public int PageCount { get; init; } = 64;

    /// <summary>Called before a step runs.</summary>
    public Action<StepBatch> BeforeForward { get; set; } = _ => { };

    /// <summary>A model that replies with a text's tokens, and with the last of them from there on.</summary>
    public static ScriptedLanguageModel Replying(string reply)
    {
        int[] tokens = TinyTokenizer.Thinking.Encode(reply);
        return new ScriptedLanguageModel(position => tokens[Math.Min(position - PromptLength + 1, tokens.Length - 1)]);
    }

    public void Forward(StepBatch batch, Span<float> logits)
    {
        BeforeForward(batch);
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
