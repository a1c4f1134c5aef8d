using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Words and rows of digits read backwards. Easy: three to five signs. Hard: eleven to sixteen.</summary>
internal sealed class ReversalKind : IProblemKind
{
    private static readonly Wording Words = new(
        ["Reverse {w}.", "Reverse {w}", "Write {w} backwards.", "What is {w} backwards?"],
        ["把{w}倒过来写。", "反转{w}。"],
        ["Schreibe {w} rückwärts.", "Drehe {w} um."],
        ["Escribe {w} al revés.", "Invierte {w}."]);

    /// <inheritdoc/>
    public string Name => "reversing";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy, Difficulty.Hard];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        int length = difficulty == Difficulty.Easy ? NumberDraw.Between(random, 3, 5) : NumberDraw.Between(random, 11, 16);
        string word = random.Happens(0.35)
            ? string.Concat(Enumerable.Range(0, length).Select(_ => random.Below(10)))
            : LetterWord.Draw(random, length);
        Thought thought = new();
        string answer = Spelling.Reverse(thought, word);
        return new Problem(
            ProblemKey.OfEitherDirection(Name, word), thought, answer, (language, wording) => Words.Ask(language, wording, ("{w}", word)));
    }
}
