using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Layers;

/// <summary>Geometries that the fixtures lack: the SIMD back-end against the plain loops.</summary>
public sealed class Qwen3ModelVariantTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 37).Select(i => ((i * 29) + 5) % 61)];

    public static TheoryData<string, string, TensorType> Variants => new()
    {
        { "tied MoE", """{"tie_word_embeddings": true}""", TensorType.BF16 },
        { "some layers dense", """{"mlp_only_layers": [1]}""", TensorType.BF16 },
        { "every other layer sparse", """{"decoder_sparse_step": 2, "num_hidden_layers": 4}""", TensorType.BF16 },
        { "float32", "{}", TensorType.F32 },
        { "float16", "{}", TensorType.F16 },
        { "float16, dense, tied", """{"num_experts": 0, "tie_word_embeddings": true}""", TensorType.F16 },
        { "one expert for each token", """{"num_experts_per_tok": 1}""", TensorType.BF16 },
        { "all experts for each token", """{"num_experts": 5, "num_experts_per_tok": 5, "norm_topk_prob": false}""", TensorType.F32 },
        { "heads · D is not H", """{"hidden_size": 48, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 32}""", TensorType.BF16 },
        { "one key-value head for five", """{"num_attention_heads": 5, "num_key_value_heads": 1, "head_dim": 24}""", TensorType.BF16 },
        { "as many key-value heads as heads", """{"num_attention_heads": 3, "num_key_value_heads": 3}""", TensorType.BF16 },
        {
            "odd sizes, bfloat16",
            """{"hidden_size": 37, "moe_intermediate_size": 13, "head_dim": 6, "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 67, "num_experts": 11}""",
            TensorType.BF16
        },
        {
            "odd sizes, float32, dense",
            """{"hidden_size": 41, "intermediate_size": 51, "head_dim": 10, "vocab_size": 71, "num_experts": 0}""",
            TensorType.F32
        },
        { "dense block narrower than its slices", """{"num_experts": 0, "intermediate_size": 3}""", TensorType.F32 },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Simd_agrees_with_the_plain_loops(string name, string config, TensorType type)
    {
        string directory = RandomCheckpoint.Make((JsonObject)JsonNode.Parse(config)!, type, seed: name.Length);
        using TestModel reference = new(directory, new ReferenceBackend(), new CacheOptions(5, 8));
        using TestModel simd = new(directory, new SimdBackend(), new CacheOptions(5, 8));
        float[][] expected = reference.Logits(Prompt);
        float[][] actual = simd.Logits(Prompt);

        float largest = expected.SelectMany(row => row).Max(MathF.Abs);
        Assert.InRange(largest, 0.1f, 100f);
        for (int row = 0; row < Prompt.Length; row++)
        {
            float worst = expected[row].Zip(actual[row], (a, b) => MathF.Abs(a - b)).Max();
            Assert.True(worst <= 1e-4f, $"{name}: the largest difference at position {row} is {worst:g3}, of logits up to {largest:g3}.");
        }
    }

    [Theory]
    [InlineData(CacheFormat.F32)]
    [InlineData(CacheFormat.BF16)]
    [InlineData(CacheFormat.Q8)]
    public void Simd_agrees_with_the_plain_loops_on_a_past_of_several_blocks(CacheFormat format)
    {
        int[] prompt = [.. Enumerable.Range(0, 600).Select(i => i * i % 101)];
        string directory = RandomCheckpoint.Make([], TensorType.F32, seed: 21);
        using TestModel exact = new(directory, new ReferenceBackend(), new CacheOptions(16, 38));
        using TestModel reference = new(directory, new ReferenceBackend(), new CacheOptions(16, 38, format));
        using TestModel simd = new(directory, new SimdBackend(), new CacheOptions(16, 38, format));
        float[] expected = [.. reference.Logits(prompt).SelectMany(row => row)];
        float[] actual = [.. simd.Logits(prompt).SelectMany(row => row)];

        // A number at the border of two roundings may fall to either side: much closer to each other than to what is not rounded.
        double most = format == CacheFormat.F32 ? 1e-5 : 0.2 * Distance(expected, [.. exact.Logits(prompt).SelectMany(row => row)]);
        Assert.InRange(most, 1e-6, 0.1);
        Assert.InRange(Distance(expected, actual), 0, most);

        static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (double)(x - y)).Average());
    }

    [Theory]
    [InlineData("reference")]
    [InlineData("simd")]
    public void Slices_of_a_dense_block_add_up_to_the_block(string backend)
    {
        string directory = RandomCheckpoint.Make(new JsonObject { ["num_experts"] = 0, ["intermediate_size"] = 100 }, TensorType.F32);
        IBackend Make() => backend == "simd" ? new SimdBackend() : new ReferenceBackend();
        using TestModel whole = new(directory, Make(), denseSlices: 1);
        using TestModel cut = new(directory, Make(), denseSlices: 4);
        float[] expected = [.. whole.Logits(Prompt).SelectMany(row => row)];
        float[] actual = [.. cut.Logits(Prompt).SelectMany(row => row)];
        Assert.True(expected.Zip(actual, (a, b) => MathF.Abs(a - b)).Max() <= 1e-4f);
    }

    [Fact]
    public void A_stored_duplicate_of_a_tied_head_is_not_read()
    {
        JsonObject config = new() { ["tie_word_embeddings"] = true };
        string tied = RandomCheckpoint.Make(config, seed: 3);
        string duplicate = RandomCheckpoint.Make(new JsonObject { ["tie_word_embeddings"] = false }, seed: 3);
        using TestModel expected = new(tied, new SimdBackend());
        File.Copy(Path.Combine(tied, "config.json"), Path.Combine(duplicate, "config.json"), overwrite: true);
        using TestModel actual = new(duplicate, new SimdBackend());
        Assert.Equal(expected.Logits(Prompt), actual.Logits(Prompt));
    }
}
