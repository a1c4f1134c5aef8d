using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>How often a letter occurs in a word. Easy: three to five letters. Hard: eleven to eighteen, the letter up to seven times.</summary>
internal sealed class LetterCountKind : IProblemKind
{
    private static readonly Wording Words = new(
        ["How many {c} are in {w}?", "How many times does {c} occur in {w}?", "Count the letter {c} in {w}."],
        ["{w}里有几个{c}？", "{w}中字母{c}出现几次？"],
        ["Wie oft kommt {c} in {w} vor?", "Wie viele {c} sind in {w}?"],
        ["¿Cuántas {c} hay en {w}?", "¿Cuántas veces aparece {c} en {w}?"]);

    /// <inheritdoc/>
    public string Name => "letters";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy, Difficulty.Hard];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        bool isEasy = difficulty == Difficulty.Easy;
        char[] letters = LetterWord.Draw(random, isEasy ? NumberDraw.Between(random, 3, 5) : NumberDraw.Between(random, 11, 18)).ToCharArray();
        char letter = LetterWord.DrawLetter(random);
        for (int placed = isEasy ? random.Below(3) : random.Below(7); placed > 0; placed--)
        {
            letters[random.Below(letters.Length)] = letter;
        }

        string word = new(letters);
        Thought thought = new();
        int count = Spelling.Count(thought, word, letter);
        thought.Conclude($"{count}");
        return new Problem(
            $"{Name} {letter} {word}", thought, $"{count}", (language, wording) => Words.Ask(language, wording, ("{c}", $"{letter}"), ("{w}", word)));
    }
}
