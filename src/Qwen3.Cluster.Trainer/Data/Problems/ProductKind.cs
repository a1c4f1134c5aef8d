using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Products. Easy: a number of one or two digits by a digit. Hard: a number of two or three digits by one of two.</summary>
internal sealed class ProductKind : IProblemKind
{
    private static readonly string[] Signs = [" * ", " × ", " × ", "×", "*"];

    private static readonly Wording Words = new(
        ["What is {e}?", "What is {e}?", "How much is {e}?", "{e}", "{e} = ?", "Calculate {e}.", "What is {a} times {b}?", "Multiply {a} by {b}."],
        ["{e}等于多少？", "{e}是多少？", "计算{e}。", "{a}乘以{b}等于多少？"],
        ["Was ist {e}?", "Wie viel ist {e}?", "Berechne {e}.", "Wie viel ist {a} mal {b}?"],
        ["¿Cuánto es {e}?", "Calcula {e}.", "¿Cuánto es {a} por {b}?"]);

    /// <inheritdoc/>
    public string Name => "product";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy, Difficulty.Hard];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        (long left, long right) = difficulty == Difficulty.Easy
            ? (random.Happens(0.1) ? NumberDraw.Between(random, 1, 9) : NumberDraw.Between(random, 10, 99), NumberDraw.Between(random, 2, 9))
            : (random.Happens(0.15) ? NumberDraw.Between(random, 100, 999) : NumberDraw.Between(random, 11, 99), NumberDraw.Between(random, 11, 99));
        Thought thought = new();
        thought.Conclude($"{DigitProduct.Write(thought, left, right)}");
        return new Problem(ProblemKey.Product(left, right), thought, $"{left * right}", (language, wording) => Ask(left, right, language, wording))
        {
            Expression = $"{left} * {right}",
        };
    }

    private static string Ask(long left, long right, Language language, SeededRandom random) => Words.Ask(
        language, random, ("{e}", $"{left}{random.Pick(Signs)}{right}"), ("{a}", $"{left}"), ("{b}", $"{right}"));
}
