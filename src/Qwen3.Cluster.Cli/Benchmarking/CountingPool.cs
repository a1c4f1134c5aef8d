using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Cli.Benchmarking;

/// <summary>A pool that counts which experts are asked: each is read once in a step, however many tokens it has.</summary>
internal sealed class CountingPool(IExpertPool inner) : IExpertPool
{
    private readonly bool[] _isAsked = new bool[inner.Layout.ExpertCount];

    /// <summary>Experts that were asked, those of each layer of each step for themselves.</summary>
    public long DistinctExperts { get; private set; }

    /// <summary>Choices of tokens.</summary>
    public long Choices { get; private set; }

    /// <inheritdoc/>
    public ExpertLayout Layout => inner.Layout;

    /// <inheritdoc/>
    public ActivationPrecision Precision => inner.Precision;

    /// <inheritdoc/>
    public bool CanOverlap => inner.CanOverlap;

    /// <summary>Counts from zero.</summary>
    public void Reset() => DistinctExperts = Choices = 0;

    /// <inheritdoc/>
    public IExpertCall Begin(int layer, RoutedTokens tokens)
    {
        Array.Clear(_isAsked);
        for (int token = 0; token < tokens.TokenCount; token++)
        {
            for (int j = 0; j < tokens.ChoiceCounts[token]; j++)
            {
                ref bool isAsked = ref _isAsked[tokens.ExpertIds[(token * tokens.MaxChoices) + j]];
                DistinctExperts += isAsked ? 0 : 1;
                Choices++;
                isAsked = true;
            }
        }

        return inner.Begin(layer, tokens);
    }

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();
}
