using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>
/// Remainders. Easy: of a number of two or three digits by 2, 4, 5 or 10, which its last digits tell. Hard: of one of four to six digits by 3, 6, 7, 8 or 9.
/// </summary>
internal sealed class RemainderKind : IProblemKind
{
    private static readonly long[] EasyDivisors = [2, 4, 5, 10], HardDivisors = [3, 6, 7, 7, 8, 9];

    private static readonly Wording Words = new(
        ["What is {a} mod {b}?", "{a} mod {b}", "What is the remainder of {a} divided by {b}?", "Divide {a} by {b}. What is the remainder?"],
        ["{a}除以{b}的余数是多少？", "{a}除以{b}余几？", "{a} mod {b} 等于多少？"],
        ["Was ist {a} mod {b}?", "Was ist der Rest von {a} geteilt durch {b}?", "Welcher Rest bleibt bei {a} durch {b}?"],
        ["¿Cuánto es {a} mod {b}?", "¿Cuál es el resto de {a} dividido entre {b}?", "¿Qué resto deja {a} entre {b}?"]);

    /// <inheritdoc/>
    public string Name => "remainder";

    /// <inheritdoc/>
    public IReadOnlyList<Difficulty> Difficulties => [Difficulty.Easy, Difficulty.Hard];

    /// <inheritdoc/>
    public Problem Draw(SeededRandom random, Difficulty difficulty)
    {
        bool isEasy = difficulty == Difficulty.Easy;
        long number = NumberDraw.OfDigits(random, isEasy ? NumberDraw.Between(random, 2, 3) : NumberDraw.Between(random, 4, 6));
        long divisor = random.Pick(isEasy ? EasyDivisors : HardDivisors);
        Thought thought = new();

        // What one step of a long division works out is a fact.
        thought.Conclude($"{LongDivision.Write(thought, number, divisor)}");
        return new Problem(
            number < 10 * divisor ? null : ProblemKey.Of(Name, number, divisor),
            thought,
            $"{number % divisor}",
            (language, wording) => Words.Ask(language, wording, ("{a}", $"{number}"), ("{b}", $"{divisor}")));
    }
}
