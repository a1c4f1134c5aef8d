namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>Which tensors a model has, by the names that Hugging Face gives them.</summary>
public static class TensorCatalog
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string FinalNorm = "model.norm.weight";
    public const string Head = "lm_head.weight";

    /// <summary>Appended to an FP8 matrix's name: its block scales.</summary>
    public const string ScaleSuffix = "_scale_inv";

    /// <summary>Every tensor that the config calls for, in the order of the forward pass; FP8 scales apart. Enumerated lazily.</summary>
    public static IEnumerable<ExpectedTensor> Expected(ModelConfig config)
    {
        int hidden = config.HiddenSize;
        int queries = config.HeadCount * config.HeadDim, keys = config.KeyValueHeadCount * config.HeadDim;
        yield return new(Embedding, [config.VocabularySize, hidden]);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            yield return new($"{prefix}input_layernorm.weight", [hidden]);
            yield return new($"{prefix}self_attn.q_proj.weight", [queries, hidden]);
            yield return new($"{prefix}self_attn.k_proj.weight", [keys, hidden]);
            yield return new($"{prefix}self_attn.v_proj.weight", [keys, hidden]);
            yield return new($"{prefix}self_attn.q_norm.weight", [config.HeadDim]);
            yield return new($"{prefix}self_attn.k_norm.weight", [config.HeadDim]);
            yield return new($"{prefix}self_attn.o_proj.weight", [hidden, queries]);
            yield return new($"{prefix}post_attention_layernorm.weight", [hidden]);
            if (!config.IsSparse(layer))
            {
                foreach (ExpectedTensor tensor in FeedForward($"{prefix}mlp.", hidden, config.IntermediateSize))
                {
                    yield return tensor;
                }

                continue;
            }

            yield return new($"{prefix}mlp.gate.weight", [config.ExpertCount, hidden]);
            for (int expert = 0; expert < config.ExpertCount; expert++)
            {
                foreach (ExpectedTensor tensor in FeedForward($"{prefix}mlp.experts.{expert}.", hidden, config.MoeIntermediateSize))
                {
                    yield return tensor;
                }
            }
        }

        yield return new(FinalNorm, [hidden]);
        if (!config.TieWordEmbeddings)
        {
            yield return new(Head, [config.VocabularySize, hidden]);
        }
    }

    /// <summary>
    /// Whether a stored tensor may be ignored without changing the model: the duplicate of a tied head, and RoPE's frequencies, which old exports stored.
    /// </summary>
    internal static bool IsRedundant(string name, ModelConfig config) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || (config.TieWordEmbeddings && name is Head or Head + ScaleSuffix);

    private static IEnumerable<ExpectedTensor> FeedForward(string prefix, int hidden, int width) =>
    [
        new($"{prefix}gate_proj.weight", [width, hidden]),
        new($"{prefix}up_proj.weight", [width, hidden]),
        new($"{prefix}down_proj.weight", [hidden, width]),
    ];
}
