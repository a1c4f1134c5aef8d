namespace Qwen3.Cluster.Cli.Evaluation.Results;

/// <summary>
/// Wilson's score interval of a proportion at 95 % (E. B. Wilson, 1927): unlike the one from the normal distribution it stays inside 0 to 1 and says something for
/// 0 and n of n.
/// </summary>
/// <param name="Low">0 to 1.</param>
/// <param name="High">0 to 1.</param>
public readonly record struct WilsonInterval(double Low, double High)
{
    // The 97.5 % quantile of the normal distribution.
    private const double Z = 1.959963984540054;

    /// <summary>The interval; all from 0 to 1 where nothing was tried.</summary>
    /// <param name="proportion">The share of successes, 0 to 1.</param>
    /// <param name="count">Independent tries.</param>
    public static WilsonInterval Of(double proportion, int count)
    {
        if (count == 0)
        {
            return new WilsonInterval(0, 1);
        }

        double square = Z * Z / count;
        double middle = (proportion + (square / 2)) / (1 + square);
        double half = Z / (1 + square) * Math.Sqrt((proportion * (1 - proportion) / count) + (square / (4 * count)));
        return new WilsonInterval(Math.Max(middle - half, 0), Math.Min(middle + half, 1));
    }
}
