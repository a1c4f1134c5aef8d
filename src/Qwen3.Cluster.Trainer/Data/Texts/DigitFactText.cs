namespace Qwen3.Cluster.Trainer.Data.Texts;

/// <summary>The facts of arithmetic with digits, of which every longer way is made: sums, differences, products, and which is larger.</summary>
internal sealed class DigitFactText : IPlainText
{
    /// <inheritdoc/>
    public string Write(SeededRandom random) => string.Join(", ", Enumerable.Range(0, 8).Select(_ => Fact(random)));

    private static string Fact(SeededRandom random)
    {
        (int one, int other) = (random.Below(10), random.Below(10));
        return random.Below(4) switch
        {
            0 => $"{one}+{other}={one + other}",
            1 => $"{Math.Max(one, other)}-{Math.Min(one, other)}={Math.Abs(one - other)}",
            2 => $"{one}*{other}={one * other}",
            _ => $"{one}{(one < other ? '<' : one > other ? '>' : '=')}{other}",
        };
    }
}
