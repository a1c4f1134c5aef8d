using System.Diagnostics;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>Passes on to another pool, takes the time, and counts how uneven two halves of the experts are asked.</summary>
/// <param name="inner">Is disposed of with this one.</param>
internal sealed class TimedPool(IExpertPool inner) : IExpertPool
{
    private double _imbalances;
    private int _calls;

    /// <summary>Spent here.</summary>
    public TimeSpan Time { get; private set; }

    /// <summary>The experts asked of the busier half over the mean of both: the mean over all calls.</summary>
    public double Imbalance => _imbalances / _calls;

    public ExpertLayout Layout => inner.Layout;

    public ActivationPrecision Precision => inner.Precision;

    public bool CanOverlap => inner.CanOverlap;

    /// <summary>Starts anew.</summary>
    public void Reset() => (Time, _imbalances, _calls) = (TimeSpan.Zero, 0, 0);

    public IExpertCall Begin(int layer, RoutedTokens tokens)
    {
        Count(tokens);
        long started = Stopwatch.GetTimestamp();
        IExpertCall call = inner.Begin(layer, tokens);
        Time += Stopwatch.GetElapsedTime(started);
        return call;
    }

    public void Dispose() => inner.Dispose();

    // An expert's weights are read once, however many tokens ask it.
    private void Count(RoutedTokens tokens)
    {
        Span<bool> isAsked = stackalloc bool[Layout.ExpertCount];
        foreach (int expert in tokens.ExpertIds)
        {
            isAsked[expert] = true;
        }

        int first = isAsked[..(isAsked.Length / 2)].Count(true);
        int second = isAsked[(isAsked.Length / 2)..].Count(true);
        _imbalances += 2.0 * Math.Max(first, second) / (first + second);
        _calls++;
    }
}
