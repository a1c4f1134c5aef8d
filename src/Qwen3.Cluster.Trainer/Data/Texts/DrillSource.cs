using Qwen3.Cluster.Trainer.Data.Problems;
using Qwen3.Cluster.Trainer.Tokenizer;

namespace Qwen3.Cluster.Trainer.Data.Texts;

/// <summary>
/// Rows of bare equations, of which the results are learned: half the tokens of a question in words, so that twice as many are learned in the same time.
/// </summary>
/// <param name="kinds">Kinds whose problems are expressions; the easy ones are drawn.</param>
internal sealed class DrillSource(IReadOnlyList<IProblemKind> kinds) : ISampleSource
{
    private const int RowLength = 10;

    /// <inheritdoc/>
    public IReadOnlyList<Piece> Make(SeededRandom random)
    {
        List<Piece> pieces = [];
        for (int left = RowLength; left > 0; left--)
        {
            Problem problem = ProblemTask.Draw(random.Pick(kinds), Difficulty.Easy, random, problem => problem.IsForTraining);
            pieces.Add(new Piece($"{problem.Expression} =\n", IsLearned: false));
            pieces.Add(new Piece(problem.Answer + (left > 1 ? "\n" : QwenAddedTokens.EndOfText), IsLearned: true));
        }

        return pieces;
    }
}
