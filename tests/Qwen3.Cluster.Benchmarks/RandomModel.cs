using System.Runtime.InteropServices;
using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Demo;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// Model directories with random bfloat16 weights, made once and kept under the temporary path. All tensors of one width are windows into the
/// same random numbers: what matters is that each has bytes of its own in the file.
/// </summary>
internal static class RandomModel
{
    /// <summary>Qwen3-30B-A3B cut to some layers, with a vocabulary of 32,000: 1.3 GB a layer.</summary>
    public static string Qwen3_30B(int layers) => Make(layers, expertWidth: 768, vocabulary: 32_000);

    /// <summary>The experts' number and the tokens' width of Qwen3-30B-A3B in one layer that weighs little: for what happens between nodes.</summary>
    public static string Weightless() => Make(layers: 1, expertWidth: 16, vocabulary: 4096);

    /// <summary>The geometry of <see cref="Qwen3_30B"/>.</summary>
    public static ModelConfig ConfigOf(int layers) => ModelConfig.Parse(Config(layers, expertWidth: 768, vocabulary: 32_000));

    private static string Make(int layers, int expertWidth, int vocabulary)
    {
        string directory = Path.Combine(Path.GetTempPath(), "qwen3-benchmarks", $"{layers}x128x{expertWidth}-{vocabulary}");
        string weights = Path.Combine(directory, "model.safetensors");
        if (!File.Exists(weights))
        {
            Console.WriteLine($"writing {weights} (once)");
            Directory.CreateDirectory(directory);
            foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json", "generation_config.json"])
            {
                File.Copy(Path.Combine(EmbeddedModel.Directory, file), Path.Combine(directory, file), overwrite: true);
            }

            string config = Path.Combine(directory, "config.json");
            File.WriteAllText(config, Config(layers, expertWidth, vocabulary));
            Write(weights, ModelConfig.Load(config));
        }

        return directory;
    }

    private static string Config(int layers, int expertWidth, int vocabulary) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["architectures"] = new[] { "Qwen3MoeForCausalLM" },
        ["model_type"] = "qwen3_moe",
        ["hidden_act"] = "silu",
        ["hidden_size"] = 2048,
        ["intermediate_size"] = 6144,
        ["moe_intermediate_size"] = expertWidth,
        ["num_hidden_layers"] = layers,
        ["num_attention_heads"] = 32,
        ["num_key_value_heads"] = 4,
        ["head_dim"] = 128,
        ["vocab_size"] = vocabulary,
        ["max_position_embeddings"] = 40960,
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = 1000000.0,
        ["num_experts"] = 128,
        ["num_experts_per_tok"] = 8,
        ["norm_topk_prob"] = true,
        ["decoder_sparse_step"] = 1,
        ["mlp_only_layers"] = Array.Empty<int>(),
        ["tie_word_embeddings"] = false,
        ["attention_bias"] = false,
        ["torch_dtype"] = "bfloat16",
    });

    // Matrices keep the size of what passes through them; norms are 1.
    private static void Write(string path, ModelConfig config)
    {
        var random = new Random(1);
        ExpectedTensor[] tensors = [.. TensorCatalog.Expected(config)];
        int most = tensors.Max(SizeOf);
        Dictionary<int, byte[]> pools = tensors.Where(tensor => tensor.Shape.Length > 1).Select(tensor => tensor.Shape[1]).Distinct()
            .ToDictionary(width => width, width => RandomValues(most + (1 << 20), MathF.Sqrt(3f / width), random));
        SafetensorsWriter.Write(path, tensors.Select(tensor =>
        {
            int size = SizeOf(tensor);
            if (tensor.Shape.Length == 1)
            {
                return TensorData.FromFloats(tensor.Name, TensorType.BF16, Enumerable.Repeat(1f, size).ToArray(), tensor.Shape);
            }

            byte[] pool = pools[tensor.Shape[1]];
            int first = random.Next((pool.Length / sizeof(ushort)) - size);
            return new TensorData(tensor.Name, TensorType.BF16, tensor.Shape, pool.AsMemory(first * sizeof(ushort), size * sizeof(ushort)));
        }));
    }

    private static byte[] RandomValues(int count, float spread, Random random)
    {
        byte[] bytes = new byte[count * sizeof(ushort)];
        Span<ushort> values = MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan());
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = FloatConversion.ToBFloat16(spread * ((2f * random.NextSingle()) - 1f));
        }

        return bytes;
    }

    private static int SizeOf(ExpectedTensor tensor) => tensor.Shape.Aggregate(1, (product, dimension) => checked(product * dimension));
}
