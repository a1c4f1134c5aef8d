using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

public sealed class ModelConfigTests
{
    [Theory]
    [InlineData("tiny-moe", 128, 8, true, false)]
    [InlineData("tiny-moe.no-norm-topk", 128, 8, false, false)]
    [InlineData("tiny-dense", 0, 0, false, true)]
    public void Fixtures_are_read(string name, int experts, int expertsPerToken, bool normalize, bool tied)
    {
        ModelConfig config = ModelConfig.Load(Path.Combine(AppContext.BaseDirectory, "Fixtures", name, "config.json"));

        Assert.Equal((64, 2, 4, 2, 256, 40960), (config.HiddenSize, config.LayerCount, config.HeadCount, config.KeyValueHeadCount, config.VocabularySize, config.MaxPositions));
        Assert.Equal((experts, expertsPerToken, normalize, tied), (config.ExpertCount, config.ExpertsPerToken, config.NormalizeTopK, config.TieWordEmbeddings));
        Assert.Equal((1e-6, 1e6), (config.RmsNormEpsilon, config.RopeTheta));
        Assert.Equal([2], config.EosTokenIds);
        Assert.Equal(1, config.BosTokenId);
    }

    /// <summary>The figures that the design's regulator counts with, from the genuine geometries.</summary>
    [Theory]
    [InlineData(4096, 94, 64, 1536, 8.00, 1.774, 235.1, 9.77, 22.19)]
    [InlineData(2048, 48, 32, 768, 1.54, 0.226, 30.5, 1.77, 3.35)]
    public void Parameters_of_the_published_models(
        int hidden, int layers, int heads, int width, double trunk, double perExpert, double total, double activeOne, double activeEight)
    {
        JsonObject json = CheckpointBuilder.MoeConfig(experts: 128);
        (string, int)[] fields = [("hidden_size", hidden), ("num_hidden_layers", layers), ("num_attention_heads", heads), ("num_key_value_heads", 4),
            ("head_dim", 128), ("moe_intermediate_size", width), ("vocab_size", 151936), ("num_experts_per_tok", 8)];
        foreach ((string name, int value) in fields)
        {
            json[name] = value;
        }

        ParameterCounts counts = ModelConfig.Parse(json.ToJsonString()).Parameters;

        Assert.Equal(trunk, Math.Round(counts.Trunk / 1e9, 2));
        Assert.Equal(perExpert, Math.Truncate(counts.PerExpert / 1e6) / 1e3);
        Assert.Equal(total, Math.Round(counts.Total / 1e9, 1));
        Assert.Equal(activeOne, Math.Round(counts.Active(1) / 1e9, 2));
        Assert.Equal(activeEight, Math.Round(counts.Active(8) / 1e9, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => counts.Active(129));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Parameters_are_those_of_the_tensors(bool tied)
    {
        JsonObject json = CheckpointBuilder.MoeConfig();
        json["num_hidden_layers"] = 5;
        json["decoder_sparse_step"] = 2;
        json["mlp_only_layers"] = new JsonArray(1);
        json["tie_word_embeddings"] = tied;
        ModelConfig config = ModelConfig.Parse(json.ToJsonString());

        Assert.Equal([false, false, false, true, false], Enumerable.Range(0, 5).Select(config.IsSparse));
        Assert.Equal(TensorCatalog.Expected(config).Sum(tensor => tensor.Shape.Aggregate(1L, (product, dimension) => product * dimension)), config.Parameters.Total);
        Assert.Equal(TensorCatalog.Expected(config).Where(tensor => tensor.Name.Contains("experts.0.", StringComparison.Ordinal)).Sum(tensor => tensor.Shape[0] * tensor.Shape[1]),
            config.Parameters.PerExpert);
    }

    [Theory]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}""", 4.0, 32768, 1.138629436)]
    [InlineData("""{"rope_scaling": {"type": "yarn", "factor": 2}}""", 2.0, 128, 1.069314718)]
    [InlineData("""{"rope_scaling": {"type": "yarn", "factor": 4, "attention_factor": 1.5}}""", 4.0, 128, 1.5)]
    [InlineData("""{"rope_theta": null, "rope_parameters": {"rope_type": "yarn", "rope_theta": 1000000, "factor": 0.5}}""", 0.5, 128, 1.0)]
    public void Yarn_is_read(string changes, double factor, int original, double attentionFactor)
    {
        ModelConfig config = Changed(CheckpointBuilder.DenseConfig(), changes);

        Assert.NotNull(config.RopeScaling);
        Assert.Equal((factor, original, 32.0, 1.0), (config.RopeScaling.Factor, config.RopeScaling.OriginalMaxPositions, config.RopeScaling.BetaFast, config.RopeScaling.BetaSlow));
        Assert.Equal(attentionFactor, config.RopeScaling.AttentionFactor, 9);
        Assert.Equal(1e6, config.RopeTheta);
    }

    [Theory]
    [InlineData("""{"rope_scaling": {"rope_type": "default"}}""")]
    [InlineData("""{"rope_scaling": null}""")]
    [InlineData("""{"rope_theta": null, "rope_parameters": {"rope_type": "default", "rope_theta": 1000000}}""")]
    [InlineData("""{"architectures": null, "quantization_config": null, "layer_types": ["full_attention"], "unknown_field": {"a": 1}}""")]
    public void Plain_rope_and_unknown_fields_are_taken(string changes)
    {
        ModelConfig config = Changed(CheckpointBuilder.DenseConfig(), changes);

        Assert.Null(config.RopeScaling);
        Assert.Equal(1e6, config.RopeTheta);
    }

    [Fact]
    public void Absent_fields_have_the_family_s_defaults()
    {
        ModelConfig config = Changed(CheckpointBuilder.MoeConfig(),
            """{"head_dim": null, "norm_topk_prob": null, "tie_word_embeddings": null, "rms_norm_eps": null, "eos_token_id": [3, 4], "intermediate_size": null}""");

        Assert.Equal(4, config.HeadDim);
        Assert.False(config.NormalizeTopK);
        Assert.False(config.TieWordEmbeddings);
        Assert.Equal(1e-6, config.RmsNormEpsilon);
        Assert.Equal([3, 4], config.EosTokenIds);
        Assert.Equal(0, config.IntermediateSize);
    }

    [Theory]
    [InlineData("""{"attention_bias": true}""", "attention_bias")]
    [InlineData("""{"use_sliding_window": true}""", "use_sliding_window")]
    [InlineData("""{"layer_types": ["full_attention", "sliding_attention"]}""", "layer_types")]
    [InlineData("""{"hidden_act": "gelu"}""", "\"hidden_act\" is \"gelu\"")]
    [InlineData("""{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}""", "LlamaForCausalLM")]
    [InlineData("""{"architectures": ["Qwen3ForCausalLM"]}""", "Qwen3ForCausalLM")]
    [InlineData("""{"model_type": null}""", "qwen3_moe")]
    [InlineData("""{"quantization_config": {"quant_method": "gptq", "bits": 4}}""", "gptq")]
    [InlineData("""{"quantization_config": {"quant_method": "fp8", "fmt": "e5m2", "weight_block_size": [128, 128]}}""", "e5m2")]
    [InlineData("""{"quantization_config": {"quant_method": "fp8"}}""", "weight_block_size")]
    [InlineData("""{"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 0]}}""", "weight_block_size")]
    [InlineData("""{"compression_config": {}}""", "compression_config")]
    [InlineData("""{"rope_scaling": {"rope_type": "llama3", "factor": 8}}""", "llama3")]
    [InlineData("""{"rope_scaling": {"rope_type": "dynamic", "factor": 8}}""", "dynamic")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn"}}""", "factor")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": -1}}""", "factor")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": 4, "mscale": 1}}""", "mscale")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": 4, "truncate": false}}""", "truncate")]
    [InlineData("""{"rope_theta": null}""", "rope_theta")]
    [InlineData("""{"rope_theta": 1e400}""", "rope_theta")]
    [InlineData("""{"partial_rotary_factor": 0.5}""", "partial_rotary_factor")]
    [InlineData("""{"hidden_size": null}""", "\"hidden_size\" is missing")]
    [InlineData("""{"hidden_size": 0}""", "\"hidden_size\" is 0")]
    [InlineData("""{"hidden_size": 8.5}""", "\"hidden_size\" is 8.5")]
    [InlineData("""{"hidden_size": "8"}""", "hidden_size")]
    [InlineData("""{"num_hidden_layers": 2147483647}""", "num_hidden_layers")]
    [InlineData("""{"num_attention_heads": 3, "num_key_value_heads": 2}""", "multiple")]
    [InlineData("""{"num_attention_heads": 200000, "head_dim": 200000}""", "200000")]
    [InlineData("""{"head_dim": 5}""", "even")]
    [InlineData("""{"head_dim": null, "hidden_size": 1}""", "head_dim")]
    [InlineData("""{"num_experts": 0}""", "num_experts")]
    [InlineData("""{"num_experts_per_tok": 4}""", "num_experts_per_tok")]
    [InlineData("""{"decoder_sparse_step": 0}""", "decoder_sparse_step")]
    [InlineData("""{"mlp_only_layers": [0], "intermediate_size": null}""", "intermediate_size")]
    [InlineData("""{"mlp_only_layers": "0"}""", "mlp_only_layers")]
    [InlineData("""{"eos_token_id": [1, -2]}""", "eos_token_id")]
    [InlineData("""{"tie_word_embeddings": "yes"}""", "tie_word_embeddings")]
    [InlineData("""{"rms_norm_eps": 0}""", "rms_norm_eps")]
    public void What_cannot_be_computed_is_refused_by_name(string changes, string part)
    {
        string message = Assert.Throws<CheckpointException>(() => Changed(CheckpointBuilder.MoeConfig(), changes)).Message;

        Assert.StartsWith("config.json", message, StringComparison.Ordinal);
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("[1, 2]")]
    [InlineData("{\"model_type\": \"qwen3\"")]
    [InlineData("{\"model_type\": \"qwen3\", \"model_type\": \"qwen3\"}")]
    [InlineData("{\"\\ud800\": 1}")]
    [InlineData("{\"model_type\": \"\\ud800\"}")]
    public void What_is_no_config_is_refused(string text) => Assert.Throws<CheckpointException>(() => ModelConfig.Parse(text));

    [Fact]
    public void Deep_nesting_is_refused()
    {
        string text = $"{{\"a\": {new string('[', 100_000)}{new string(']', 100_000)}}}";

        Assert.Contains("config.json", Assert.Throws<CheckpointException>(() => ModelConfig.Parse(text)).Message, StringComparison.Ordinal);
    }

    private static ModelConfig Changed(JsonObject config, string changes)
    {
        foreach ((string name, JsonNode? value) in (JsonObject)JsonNode.Parse(changes)!)
        {
            config[name] = value?.DeepClone();
        }

        return ModelConfig.Parse(config.ToJsonString());
    }
}
