namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>Numbers of parameters, of the weights as published: a tied head counts once, FP8 scales do not count.</summary>
/// <param name="Trunk">What every token passes: embeddings, attention, norms, gates, dense feed-forward layers, head.</param>
/// <param name="PerExpert">One expert in all sparse layers together; 0 for a dense model.</param>
/// <param name="ExpertCount">Experts of a sparse layer; 0 for a dense model.</param>
public sealed record ParameterCounts(long Trunk, long PerExpert, int ExpertCount)
{
    public long Total => Trunk + PerExpert * ExpertCount;

    /// <summary>What one token activates when each sparse layer asks <paramref name="expertsPerToken"/> experts (0 to <see cref="ExpertCount"/>).</summary>
    public long Active(int expertsPerToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expertsPerToken);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(expertsPerToken, ExpertCount);
        return Trunk + PerExpert * expertsPerToken;
    }

    internal static ParameterCounts Of(ModelConfig config)
    {
        long hidden = config.HiddenSize;
        long embedding = hidden * config.VocabularySize;
        long attention = 2 * hidden * config.HeadDim * (config.HeadCount + config.KeyValueHeadCount) + 2 * config.HeadDim;
        int sparseLayers = Enumerable.Range(0, config.LayerCount).Count(config.IsSparse);
        long trunk = embedding * (config.TieWordEmbeddings ? 1 : 2) + hidden
            + config.LayerCount * (attention + 2 * hidden)
            + sparseLayers * hidden * config.ExpertCount
            + (config.LayerCount - sparseLayers) * 3 * hidden * config.IntermediateSize;
        return new ParameterCounts(trunk, sparseLayers * 3 * hidden * config.MoeIntermediateSize, config.ExpertCount);
    }
}
