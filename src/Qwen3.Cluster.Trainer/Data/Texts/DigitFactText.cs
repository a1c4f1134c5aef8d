using Qwen3.Cluster.Trainer.Data.Problems;

namespace Qwen3.Cluster.Trainer.Data.Texts;

/// <summary>The facts of arithmetic with digits, of which every longer way is made: sums, differences, products, divisions, and which is larger.</summary>
internal sealed class DigitFactText : IPlainText
{
    /// <inheritdoc/>
    public string Write(SeededRandom random) => string.Join(", ", Enumerable.Range(0, 8).Select(_ => Fact(random)));

    private static string Fact(SeededRandom random)
    {
        (int one, int other) = (random.Below(10), random.Below(10));
        return random.Below(5) switch
        {
            0 => $"{one}+{other}={one + other}",
            1 => $"{Math.Max(one, other)}-{Math.Min(one, other)}={Math.Abs(one - other)}",
            2 => $"{one}*{other}={one * other}",
            3 => Divide((one * 10) + other, NumberDraw.Between(random, 2, 10)),
            _ => $"{one}{(one < other ? '<' : one > other ? '>' : '=')}{other}",
        };
    }

    // As a step of a long division has it; a number ten times the divisor or more never comes up there.
    private static string Divide(int number, int divisor)
    {
        int divided = number % (10 * divisor);
        int quotient = divided / divisor;
        return $"{divided}: {quotient}*{divisor}={quotient * divisor}, {divided}-{quotient * divisor}={divided % divisor}";
    }
}
