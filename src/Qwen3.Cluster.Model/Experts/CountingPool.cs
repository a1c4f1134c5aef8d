namespace Qwen3.Cluster.Model.Experts;

/// <summary>A pool that counts which experts are asked, for those who measure: each is read once in a call, however many tokens ask it.</summary>
/// <param name="inner">Computes; stays its maker's.</param>
public sealed class CountingPool(IExpertPool inner) : IExpertPool
{
    private readonly bool[] _isAsked = new bool[inner.Layout.ExpertCount];

    /// <summary>Experts that were asked, those of each layer of each step for themselves.</summary>
    public long DistinctExperts { get; private set; }

    /// <inheritdoc/>
    public ExpertLayout Layout => inner.Layout;

    /// <inheritdoc/>
    public ActivationPrecision Precision => inner.Precision;

    /// <inheritdoc/>
    public bool CanOverlap => inner.CanOverlap;

    /// <summary>Counts from zero.</summary>
    public void Reset() => DistinctExperts = 0;

    /// <inheritdoc/>
    public IExpertCall Begin(int layer, RoutedTokens tokens)
    {
        Array.Clear(_isAsked);
        for (int token = 0; token < tokens.TokenCount; token++)
        {
            foreach (int expert in tokens.ExpertIds.Slice(token * tokens.MaxChoices, tokens.ChoiceCounts[token]))
            {
                DistinctExperts += _isAsked[expert] ? 0 : 1;
                _isAsked[expert] = true;
            }
        }

        return inner.Begin(layer, tokens);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
