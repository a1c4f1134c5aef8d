using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Tests;

/// <summary>
/// Whole model directories that can chat nonsense: seeded random weights, a tokenizer of one token a byte, Qwen's special tokens.
/// Made once a process, in a temporary directory that goes with the process.
/// </summary>
internal static class TinyChatModel
{
    public const int VocabularySize = 263;
    public const int MaxPositions = 512;

    private static readonly Lazy<string> Root = new(MakeRoot);

    /// <summary>16 experts, 4 of them for a token; the first of its three layers is dense.</summary>
    public static Lazy<string> Moe { get; } = new(() => Make("tiny-chat-moe", experts: 16));

    /// <summary>No experts.</summary>
    public static Lazy<string> Dense { get; } = new(() => Make("tiny-chat-dense", experts: 0));

    /// <summary>Makes one more, for a test to change.</summary>
    public static string Make(string name, int experts)
    {
        string directory = Directory.CreateDirectory(Path.Combine(Root.Value, name)).FullName;
        string config = Config(experts);
        File.WriteAllText(Path.Combine(directory, "config.json"), config);
        File.WriteAllText(Path.Combine(directory, "generation_config.json"), """{ "eos_token_id": [260, 258], "temperature": 0.6, "top_p": 0.95, "top_k": 20 }""");
        File.WriteAllText(Path.Combine(directory, "tokenizer.json"), Tokenizer());
        var random = new Random(7);
        SafetensorsWriter.Write(
            Path.Combine(directory, "model.safetensors"),
            [.. TensorCatalog.Expected(ModelConfig.Parse(config)).Select(tensor => Weights(tensor, random))]);
        return directory;
    }

    // Norms are 1; matrices keep the size of what passes through them.
    private static TensorData Weights(ExpectedTensor tensor, Random random)
    {
        float scale = tensor.Name == TensorCatalog.Head ? 3 : 1;
        float[] values = new float[tensor.Shape.Aggregate(1, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = tensor.Shape.Length == 1 ? 1 : scale * (float)((random.NextDouble() * 2) - 1) * MathF.Sqrt(3f / tensor.Shape[1]);
        }

        return TensorData.FromFloats(tensor.Name, TensorType.BF16, values, tensor.Shape);
    }

    private static string Config(int experts) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["architectures"] = new[] { experts > 0 ? "Qwen3MoeForCausalLM" : "Qwen3ForCausalLM" },
        ["model_type"] = experts > 0 ? "qwen3_moe" : "qwen3",
        ["hidden_act"] = "silu",
        ["hidden_size"] = 32,
        ["num_hidden_layers"] = 3,
        ["num_attention_heads"] = 4,
        ["num_key_value_heads"] = 2,
        ["head_dim"] = 8,
        ["vocab_size"] = VocabularySize + 1,
        ["max_position_embeddings"] = MaxPositions,
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = 10000.0,
        ["intermediate_size"] = 64,
        ["moe_intermediate_size"] = 16,
        ["num_experts"] = experts,
        ["num_experts_per_tok"] = 4,
        ["norm_topk_prob"] = true,
        ["decoder_sparse_step"] = 1,
        ["mlp_only_layers"] = new[] { 0 },
        ["tie_word_embeddings"] = false,
        ["attention_bias"] = false,
        ["torch_dtype"] = "bfloat16",
        ["eos_token_id"] = 260,
    });

    private static string Tokenizer() => JsonSerializer.Serialize(new
    {
        added_tokens = new[]
        {
            new { id = 258, content = "<|endoftext|>", special = true },
            new { id = 259, content = "<|im_start|>", special = true },
            new { id = 260, content = "<|im_end|>", special = true },
            new { id = 261, content = "<think>", special = false },
            new { id = 262, content = "</think>", special = false },
        },
        normalizer = new { type = "NFC" },
        pre_tokenizer = new
        {
            type = "Sequence",
            pretokenizers = new object[]
            {
                new { type = "Split", pattern = new { Regex = PreTokenizer.Pattern }, behavior = "Isolated", invert = false },
                new { type = "ByteLevel", add_prefix_space = false, trim_offsets = false, use_regex = false },
            },
        },
        decoder = new { type = "ByteLevel" },
        model = new
        {
            type = "BPE",
            vocab = Enumerable.Range(0, 256).ToDictionary(value => ByteAlphabet.CharOf((byte)value).ToString())
                .Concat([new("ĊĊ", 256), new(".ĊĊ", 257)]).ToDictionary(),
            merges = new[] { "Ċ Ċ", ". ĊĊ" },
        },
    });

    private static string MakeRoot()
    {
        string root = Directory.CreateTempSubdirectory("qwen3-tiny-chat-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
        return root;
    }
}
