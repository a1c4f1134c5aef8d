using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>The geometry of a Qwen3-MoE that is trained; every layer is sparse, the head is the embedding.</summary>
internal sealed record ModelShape
{
    /// <summary>The model that comes along.</summary>
    public static ModelShape Embedded { get; } = new();

    /// <summary>Tokens of the tokenizer, Qwen's added ones among them.</summary>
    public int Tokens { get; init; } = 1408;

    public int HiddenSize { get; init; } = 128;

    public int Layers { get; init; } = 4;

    public int Heads { get; init; } = 4;

    public int KeyValueHeads { get; init; } = 2;

    public int HeadDim { get; init; } = 32;

    public int Experts { get; init; } = 128;

    public int ExpertsPerToken { get; init; } = 8;

    /// <summary>Width of one expert.</summary>
    public int ExpertWidth { get; init; } = 32;

    /// <summary>The context length that the config names.</summary>
    public int MaxPositions { get; init; } = 4096;

    /// <summary>θ of the rotary embedding.</summary>
    public double RopeBase { get; init; } = 10_000;

    /// <summary>How much the loss of unevenly used experts counts.</summary>
    public double BalanceWeight { get; init; } = 0.01;

    // Rows of the embedding are a multiple of it, as in the large models: the last ones are padding.
    private const int RowAlignment = 64;

    /// <summary>The geometry as the network takes it.</summary>
    public ModelConfig ToConfig(int endOfText, int messageEnd) => ModelConfig.Parse(ToJson(endOfText, messageEnd));

    /// <summary>The text of config.json, with the fields that Hugging Face's Qwen3MoeConfig has.</summary>
    /// <param name="endOfText">Id of <c>&lt;|endoftext|&gt;</c>.</param>
    /// <param name="messageEnd">Id of <c>&lt;|im_end|&gt;</c>.</param>
    public string ToJson(int endOfText, int messageEnd)
    {
        JsonObject config = new()
        {
            ["architectures"] = new JsonArray("Qwen3MoeForCausalLM"),
            ["attention_bias"] = false,
            ["attention_dropout"] = 0,
            ["bos_token_id"] = endOfText,
            ["decoder_sparse_step"] = 1,
            ["eos_token_id"] = messageEnd,
            ["head_dim"] = HeadDim,
            ["hidden_act"] = "silu",
            ["hidden_size"] = HiddenSize,
            ["initializer_range"] = 0.02,
            ["intermediate_size"] = ExpertWidth * ExpertsPerToken,
            ["max_position_embeddings"] = MaxPositions,
            ["max_window_layers"] = Layers,
            ["mlp_only_layers"] = new JsonArray(),
            ["model_type"] = "qwen3_moe",
            ["moe_intermediate_size"] = ExpertWidth,
            ["norm_topk_prob"] = true,
            ["num_attention_heads"] = Heads,
            ["num_experts"] = Experts,
            ["num_experts_per_tok"] = ExpertsPerToken,
            ["num_hidden_layers"] = Layers,
            ["num_key_value_heads"] = KeyValueHeads,
            ["output_router_logits"] = false,
            ["rms_norm_eps"] = 1e-6,
            ["rope_scaling"] = null,
            ["rope_theta"] = RopeBase,
            ["router_aux_loss_coef"] = BalanceWeight,
            ["sliding_window"] = null,
            ["tie_word_embeddings"] = true,
            ["torch_dtype"] = "bfloat16",
            ["use_cache"] = true,
            ["use_sliding_window"] = false,
            ["vocab_size"] = (Tokens + RowAlignment - 1) / RowAlignment * RowAlignment,
        };
        return config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }
}
