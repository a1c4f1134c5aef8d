using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Tests;

/// <summary>Writes small checkpoints of any geometry with seeded random weights, of about the size that keeps activations near 1.</summary>
internal static class RandomCheckpoint
{
    /// <summary>Writes config.json and model.safetensors into an existing directory.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="config">Fields of config.json; those that are missing are a tiny MoE's (or, with <c>num_experts</c> 0, a tiny dense model's).</param>
    /// <param name="type">Of all tensors.</param>
    /// <param name="seed">The same seed gives the same bytes.</param>
    public static void Write(string directory, JsonObject config, TensorType type = TensorType.BF16, int seed = 1)
    {
        bool dense = config["num_experts"]?.GetValue<int>() == 0;
        JsonObject all = Defaults(dense);
        foreach ((string name, JsonNode? value) in config)
        {
            all[name] = value?.DeepClone();
        }

        if (dense)
        {
            all.Remove("num_experts");
        }

        string path = Path.Combine(directory, "config.json");
        File.WriteAllText(path, all.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        Random random = new(seed);
        SafetensorsWriter.Write(
            Path.Combine(directory, "model.safetensors"), TensorCatalog.Expected(ModelConfig.Load(path)).Select(tensor => Make(tensor, type, random)));
    }

    /// <summary>Writes into a new temporary directory, which goes with the process, and returns its path.</summary>
    public static string Make(JsonObject config, TensorType type = TensorType.BF16, int seed = 1)
    {
        string directory = Directory.CreateTempSubdirectory("qwen3-random-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        Write(directory, config, type, seed);
        return directory;
    }

    private static JsonObject Defaults(bool dense) => new()
    {
        ["architectures"] = new JsonArray(dense ? "Qwen3ForCausalLM" : "Qwen3MoeForCausalLM"),
        ["model_type"] = dense ? "qwen3" : "qwen3_moe",
        ["hidden_act"] = "silu",
        ["hidden_size"] = 64,
        ["intermediate_size"] = 96,
        ["moe_intermediate_size"] = 32,
        ["num_hidden_layers"] = 3,
        ["num_attention_heads"] = 4,
        ["num_key_value_heads"] = 2,
        ["head_dim"] = 16,
        ["vocab_size"] = 128,
        ["max_position_embeddings"] = 1024,
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = 1000000.0,
        ["num_experts"] = 16,
        ["num_experts_per_tok"] = 4,
        ["norm_topk_prob"] = true,
        ["decoder_sparse_step"] = 1,
        ["mlp_only_layers"] = new JsonArray(),
        ["tie_word_embeddings"] = false,
    };

    private static TensorData Make(ExpectedTensor tensor, TensorType type, Random random)
    {
        float[] values = new float[tensor.Shape.Aggregate(1, (product, dimension) => checked(product * dimension))];
        float mean = tensor.Shape.Length == 1 ? 1f : 0f;
        float spread = tensor.Shape.Length == 1 ? 0.3f : tensor.Name == TensorCatalog.Embedding ? 1f : MathF.Sqrt(3f / tensor.Shape[1]);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = mean + (spread * ((2f * random.NextSingle()) - 1f));
        }

        return TensorData.FromFloats(tensor.Name, type, values, tensor.Shape);
    }
}
