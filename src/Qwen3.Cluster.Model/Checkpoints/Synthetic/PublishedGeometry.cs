using System.Text.Json.Nodes;

namespace Qwen3.Cluster.Model.Checkpoints.Synthetic;

/// <summary>The geometries of the published Qwen3 models, by the names that people call them. Source: their config.json.</summary>
public static class PublishedGeometry
{
    private const int HeadDim = 128;
    private const int Vocabulary = 151936;
    private const int ExpertCount = 128;
    private const int ExpertsPerToken = 8;

    // hidden, intermediate, width of an expert (0: dense), layers, heads, key-value heads, whether the head is the embedding
    private static readonly Dictionary<string, (int, int, int, int, int, int, bool)> ByName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["qwen3-0.6b"] = (1024, 3072, 0, 28, 16, 8, true),
        ["qwen3-1.7b"] = (2048, 6144, 0, 28, 16, 8, true),
        ["qwen3-4b"] = (2560, 9728, 0, 36, 32, 8, true),
        ["qwen3-8b"] = (4096, 12288, 0, 36, 32, 8, false),
        ["qwen3-14b"] = (5120, 17408, 0, 40, 40, 8, false),
        ["qwen3-32b"] = (5120, 25600, 0, 64, 64, 8, false),
        ["qwen3-30b-a3b"] = (2048, 6144, 768, 48, 32, 4, false),
        ["qwen3-235b-a22b"] = (4096, 12288, 1536, 94, 64, 4, false),
    };

    /// <summary>The names.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The config.json of a model, as far as this project reads it; null for a name that is none of them.</summary>
    public static JsonObject? Find(string name)
    {
        if (!ByName.TryGetValue(name, out (int Hidden, int Intermediate, int Expert, int Layers, int Heads, int KeyValueHeads, bool Ties) shape))
        {
            return null;
        }

        bool isSparse = shape.Expert > 0;
        JsonObject config = new()
        {
            ["architectures"] = new JsonArray(isSparse ? "Qwen3MoeForCausalLM" : "Qwen3ForCausalLM"),
            ["model_type"] = isSparse ? "qwen3_moe" : "qwen3",
            ["hidden_size"] = shape.Hidden,
            ["intermediate_size"] = shape.Intermediate,
            ["num_hidden_layers"] = shape.Layers,
            ["num_attention_heads"] = shape.Heads,
            ["num_key_value_heads"] = shape.KeyValueHeads,
            ["head_dim"] = HeadDim,
            ["vocab_size"] = Vocabulary,
            ["max_position_embeddings"] = 40960,
            ["rms_norm_eps"] = 1e-6,
            ["rope_theta"] = 1e6,
            ["hidden_act"] = "silu",
            ["tie_word_embeddings"] = shape.Ties,
            ["torch_dtype"] = "bfloat16",
        };
        if (isSparse)
        {
            config["num_experts"] = ExpertCount;
            config["num_experts_per_tok"] = ExpertsPerToken;
            config["moe_intermediate_size"] = shape.Expert;
            config["norm_topk_prob"] = true;
            config["decoder_sparse_step"] = 1;
            config["mlp_only_layers"] = new JsonArray();
        }

        return config;
    }
}
