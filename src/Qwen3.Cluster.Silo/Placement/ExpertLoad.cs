namespace Qwen3.Cluster.Silo.Placement;

/// <summary>How many tokens chose each expert of each layer of late. Older tokens count for less: each window, all counts are halved.</summary>
internal sealed class ExpertLoad
{
    private readonly long[][] _tokens;

    /// <summary>A load without tokens.</summary>
    /// <param name="expertCounts">The experts of each layer.</param>
    public ExpertLoad(IReadOnlyList<int> expertCounts) => _tokens = [.. expertCounts.Select(count => new long[count])];

    /// <summary>Layers of the model.</summary>
    public int LayerCount => _tokens.Length;

    /// <summary>Choices of all experts of all layers.</summary>
    public long Total => _tokens.Sum(layer => layer.Sum());

    /// <summary>Tokens of each expert of a layer.</summary>
    public ReadOnlySpan<long> TokensOf(int layer) => _tokens[layer];

    /// <summary>Adds what was counted in one layer.</summary>
    /// <param name="layer">0 to <see cref="LayerCount"/> − 1.</param>
    /// <param name="tokens">For each expert of the layer its tokens, 0 or more.</param>
    /// <exception cref="ArgumentException">The layer has another number of experts, or a count is negative.</exception>
    public void Add(int layer, ReadOnlySpan<long> tokens)
    {
        long[] sums = _tokens[layer];
        if (tokens.Length != sums.Length || tokens.ContainsAnyInRange(long.MinValue, -1))
        {
            throw new ArgumentException(
                $"{tokens.Length} counts of tokens came for layer {layer}: it has {sums.Length} experts, and no count is negative.", nameof(tokens));
        }

        for (int expert = 0; expert < sums.Length; expert++)
        {
            sums[expert] += tokens[expert];
        }
    }

    /// <summary>Ends a window: all counts so far are halved, rounded down, so that an expert which nobody chooses any more is forgotten.</summary>
    public void Halve()
    {
        foreach (long[] layer in _tokens)
        {
            for (int expert = 0; expert < layer.Length; expert++)
            {
                layer[expert] /= 2;
            }
        }
    }
}
