namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// Several ways of doing one thing, measured by turns, so that what else happens on the machine hits all of them. Only ratios of one round
/// mean something.
/// </summary>
internal sealed class Rounds
{
    private readonly double[][] _times; // [way][round]

    private Rounds(double[][] times) => _times = times;

    /// <summary>Runs each way once without counting it, then all by turns, every second round backwards.</summary>
    /// <param name="count">Rounds; five or more.</param>
    /// <param name="ways">Each runs once and gives the time that counts.</param>
    public static Rounds Run(int count, params Func<double>[] ways)
    {
        foreach (Func<double> way in ways)
        {
            way();
        }

        double[][] times = [.. ways.Select(_ => new double[count])];
        for (int round = 0; round < count; round++)
        {
            for (int i = 0; i < ways.Length; i++)
            {
                int way = round % 2 == 0 ? i : ways.Length - 1 - i;
                times[way][round] = ways[way]();
            }
        }

        return new Rounds(times);
    }

    /// <summary>The median time of a way.</summary>
    public double Median(int way) => Quantile(_times[way], 0.5);

    /// <summary>The fastest round of a way: the one that was disturbed least.</summary>
    public double Fastest(int way) => _times[way].Min();

    /// <summary>The median of a round's time of one way over that of another, and the quartiles; then the ratio of the fastest rounds.</summary>
    public string Ratio(int way, int other)
    {
        double[] ratios = [.. _times[way].Zip(_times[other], (a, b) => a / b)];
        return $"{Quantile(ratios, 0.5):0.000} ({Quantile(ratios, 0.25):0.000}–{Quantile(ratios, 0.75):0.000}; fastest {Fastest(way) / Fastest(other):0.000})";
    }

    private static double Quantile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Round(share * (sorted.Length - 1))];
    }
}
