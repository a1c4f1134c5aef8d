using Qwen3.Cluster.Trainer.Data.Problems;
using Qwen3.Cluster.Trainer.Tokenizer;

namespace Qwen3.Cluster.Trainer.Data.Texts;

/// <summary>
/// Exercises as plain text, some one after the other: a question, after a blank line its way where it has one, and the answer. Questions are not
/// learned: their numbers follow from nothing.
/// </summary>
/// <param name="task">Of all of them.</param>
/// <param name="showsSteps">Whether the way is written; else the answer follows at once.</param>
/// <param name="least">Exercises at least.</param>
/// <param name="most">Exercises at most.</param>
internal sealed class ExerciseSource(ITask task, bool showsSteps, int least = 1, int most = 1) : ISampleSource
{
    /// <inheritdoc/>
    public IReadOnlyList<Piece> Make(SeededRandom random)
    {
        List<Piece> pieces = [];
        for (int left = NumberDraw.Between(random, least, most); left > 0; left--)
        {
            Exchange exchange = task.Make(random);
            string steps = showsSteps ? string.Join("\n\n", exchange.Steps) + "\n\n" : "";
            pieces.Add(new Piece(exchange.Question + (showsSteps ? "\n\n" : "\n"), IsLearned: false));
            pieces.Add(new Piece(steps + exchange.Answer + (left > 1 ? "\n\n\n" : QwenAddedTokens.EndOfText), IsLearned: true));
        }

        return pieces;
    }
}
