using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Differences. Easy: numbers of up to three digits, the result now and then below 0. Hard: numbers of four to seven digits.</summary>
internal sealed class DifferenceKind : IProblemKind
{
    private static readonly Wording Words = new(
        ["What is {e}?", "What is {e}?", "How much is {e}?", "{e}", "{e} = ?", "Calculate {e}.", "What is {a} minus {b}?", "Subtract {b} from {a}.", "What's {e}?"],
        ["{e}等于多少？", "{e}是多少？", "计算{e}。", "{a}减{b}等于多少？", "{e}=？"],
        ["Was ist {e}?", "Wie viel ist {e}?", "Berechne {e}.", "Wie viel ist {a} minus {b}?", "Ziehe {b} von {a} ab."],
        ["¿Cuánto es {e}?", "Calcula {e}.", "¿Cuánto es {a} menos {b}?", "Resta {b} de {a}."]);

    /// <inheritdoc/>
    public string Name => "difference";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy, Difficulty.Hard];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        (long left, long right) = DrawNumbers(random, difficulty);
        Thought thought = new();
        Think(thought, left, right);
        return new Problem(
            ProblemKey.Difference(left, right), thought, $"{left - right}", (language, wording) => Ask(left, right, language, wording))
        {
            Expression = $"{left} - {right}",
        };
    }

    private static (long Left, long Right) DrawNumbers(SeededRandom random, Difficulty difficulty)
    {
        bool isEasy = difficulty == Difficulty.Easy;
        int most = random.Happens(0.5) ? 2 : 3;
        int Digits() => isEasy ? (random.Happens(0.2) ? NumberDraw.Between(random, 1, most - 1) : most) : NumberDraw.Between(random, 4, 7);
        (long one, long other) = (NumberDraw.OfDigits(random, Digits()), NumberDraw.OfDigits(random, Digits()));
        return isEasy && random.Happens(0.3) ? (one, other) : (Math.Max(one, other), Math.Min(one, other));
    }

    private static void Think(Thought thought, long left, long right)
    {
        (long large, long small) = left < right ? (right, left) : (left, right);
        if (left < right)
        {
            thought.Add($"{left}<{right}, so -({right}-{left}).");
        }

        foreach (string column in ColumnDifference.Columns(large, small))
        {
            thought.Add($"{column}.");
        }

        thought.Conclude($"{left - right}");
    }

    private static string Ask(long left, long right, Language language, SeededRandom random)
    {
        string minus = random.Happens(0.85) ? " - " : random.Happens(0.5) ? "-" : " − ";
        return Words.Ask(language, random, ("{e}", $"{left}{minus}{right}"), ("{a}", $"{left}"), ("{b}", $"{right}"));
    }
}
