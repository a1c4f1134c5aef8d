namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Random numbers of so many digits.</summary>
internal static class NumberDraw
{
    /// <summary>A number without leading zero; of one digit also 0.</summary>
    /// <param name="random">Drawn from.</param>
    /// <param name="digits">1 to 9.</param>
    public static long OfDigits(SeededRandom random, int digits)
    {
        int least = digits == 1 ? 0 : (int)Math.Pow(10, digits - 1);
        return least + random.Below((int)Math.Pow(10, digits) - least);
    }

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static int Between(SeededRandom random, int least, int most) => least + random.Below(most - least + 1);
}
