using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>Passes on to another pool, and counts the experts that are asked: one counts once in a call, however many tokens ask it.</summary>
/// <param name="inner">Computes; stays its maker's.</param>
internal sealed class CountingPool(IExpertPool inner) : IExpertPool
{
    /// <summary>Experts asked so far.</summary>
    public long ExpertCount { get; private set; }

    public ExpertLayout Layout => inner.Layout;

    public ActivationPrecision Precision => inner.Precision;

    public bool CanOverlap => inner.CanOverlap;

    public IExpertCall Begin(int layer, RoutedTokens tokens)
    {
        Span<bool> isAsked = stackalloc bool[Layout.ExpertCount];
        foreach (int expert in tokens.ExpertIds)
        {
            isAsked[expert] = true;
        }

        ExpertCount += isAsked.Count(true);
        return inner.Begin(layer, tokens);
    }

    public void Dispose()
    {
    }
}
