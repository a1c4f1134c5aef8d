using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Checkpoints.Synthetic;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Checkpoints.Synthetic;

/// <summary>Checkpoints of random weights: they load, they are what was asked for, and the same seed gives the same bytes.</summary>
public sealed class SyntheticCheckpointTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("qwen3-synthetic-").FullName;

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    [Theory]
    [InlineData(WeightFormat.Stored, TensorType.BF16)]
    [InlineData(WeightFormat.Q8, TensorType.Q8)]
    [InlineData(WeightFormat.Q4, TensorType.Q4)]
    public void It_loads_in_its_format_and_gives_tokens_of_their_own_logits(WeightFormat format, TensorType type)
    {
        string directory = Make("a", Small(), format, seed: 3);
        using (Checkpoint checkpoint = Checkpoint.Open(directory, format, told => Assert.Fail(told)))
        {
            Assert.Equal(type, checkpoint.Get("model.layers.0.mlp.experts.5.down_proj.weight").Type);
            Assert.Equal(TensorType.BF16, checkpoint.Get("model.layers.0.mlp.gate.weight").Type);
            float[] numbers = checkpoint.Get("model.layers.1.self_attn.q_proj.weight").ToFloats();
            Assert.InRange(Math.Sqrt(numbers.Average(x => (double)x * x)) * Math.Sqrt(256), 0.5, 1.5);
            Assert.InRange(numbers.Average(), -0.004, 0.004);
        }

        using TestModel model = new(directory, new SimdBackend(2), format);
        float[][] logits = model.Logits([1, 2, 3]);
        Assert.All(logits, row => Assert.All(row, value => Assert.True(float.IsFinite(value))));
        Assert.InRange(Cosine(logits[0], logits[1]), -0.9, 0.9);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_others()
    {
        byte[] first = Weights(Make("a", Small(), WeightFormat.Q4, seed: 3));
        Assert.Equal(first, Weights(Make("b", Small(), WeightFormat.Q4, seed: 3)));
        Assert.NotEqual(first, Weights(Make("c", Small(), WeightFormat.Q4, seed: 4)));
    }

    [Fact]
    public void A_ragged_geometry_has_zeros_beyond_its_edges()
    {
        JsonObject ragged = Small();
        ragged["hidden_size"] = 200;
        ragged["moe_intermediate_size"] = 36;
        string directory = Make("a", ragged, WeightFormat.Q8, seed: 1);
        using TestModel packed = new(directory, new SimdBackend()), read = new(directory, new ReferenceBackend());
        Assert.True(packed.Logits([5, 6])[1].Zip(read.Logits([5, 6])[1]).Average(pair => Math.Abs(pair.First - pair.Second)) < 0.05);
    }

    [Fact]
    public void Published_geometries_have_the_parameters_of_their_names()
    {
        Assert.Equal(30.5, ParametersOf("qwen3-30b-a3b"), 0.1);
        Assert.Equal(235.1, ParametersOf("Qwen3-235B-A22B"), 0.1);
        Assert.Equal(4.02, ParametersOf("qwen3-4b"), 0.02);
        Assert.Equal(32.8, ParametersOf("qwen3-32b"), 0.1);
        Assert.Equal(0.6, ParametersOf("qwen3-0.6b"), 0.01);
        Assert.Contains("qwen3-14b", Assert.Throws<CheckpointException>(() => SyntheticGeometry.Read("qwen3-5b", null, null)).Message);
    }

    [Fact]
    public void Layers_and_vocabulary_are_those_asked_for()
    {
        ModelConfig config = ModelConfig.Parse(SyntheticGeometry.Read("qwen3-30b-a3b", layers: 2, vocabulary: 32000).ToJsonString());
        Assert.Equal((2, 32000, 128), (config.LayerCount, config.VocabularySize, config.ExpertCount));
    }

    [Fact]
    public void What_is_there_is_not_overwritten_and_what_is_given_up_leaves_nothing()
    {
        string directory = Make("a", Small(), WeightFormat.Q4, seed: 1);
        Assert.Contains("exists already", Assert.Throws<CheckpointException>(() => Make("a", Small(), WeightFormat.Q4, seed: 1)).Message);
        SyntheticCheckpoint checkpoint = new(Small(), WeightFormat.Q4);
        Assert.ThrowsAny<OperationCanceledException>(
            () => checkpoint.Write(Path.Combine(_parent, "b"), 1, _ => { }, new CancellationToken(canceled: true)));
        Assert.Equal([directory], Directory.GetFileSystemEntries(_parent));
    }

    [Fact]
    public void More_than_the_disk_holds_is_refused_before_it_is_written()
    {
        JsonObject huge = SyntheticGeometry.Read("qwen3-235b-a22b", layers: 1000, vocabulary: null);
        SyntheticCheckpoint checkpoint = new(huge, WeightFormat.Stored);
        string message = Assert.Throws<CheckpointException>(() => checkpoint.Write(Path.Combine(_parent, "a"), 1, _ => { }, default)).Message;
        Assert.Contains("free bytes", message);
        Assert.Empty(Directory.GetFileSystemEntries(_parent));
    }

    private static JsonObject Small() => new()
    {
        ["model_type"] = "qwen3_moe",
        ["architectures"] = new JsonArray("Qwen3MoeForCausalLM"),
        ["hidden_size"] = 256,
        ["num_hidden_layers"] = 2,
        ["num_attention_heads"] = 4,
        ["num_key_value_heads"] = 2,
        ["head_dim"] = 32,
        ["vocab_size"] = 512,
        ["max_position_embeddings"] = 128,
        ["rope_theta"] = 10000.0,
        ["num_experts"] = 16,
        ["num_experts_per_tok"] = 2,
        ["moe_intermediate_size"] = 128,
        ["norm_topk_prob"] = true,
    };

    private static double ParametersOf(string name) => ModelConfig.Parse(PublishedGeometry.Find(name)!.ToJsonString()).Parameters.Total / 1e9;

    private static byte[] Weights(string directory) => File.ReadAllBytes(Path.Combine(directory, "model.safetensors"));

    private static double Cosine(float[] a, float[] b) =>
        a.Zip(b).Sum(pair => (double)pair.First * pair.Second) / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));

    private string Make(string name, JsonObject config, WeightFormat format, int seed)
    {
        string directory = Path.Combine(_parent, name);
        long written = 0;
        SyntheticCheckpoint checkpoint = new(config, format);
        checkpoint.Write(directory, seed, bytes => Interlocked.Add(ref written, bytes), default);
        Assert.InRange(checkpoint.ByteCount - written, 1, 1 << 20);
        Assert.Equal(checkpoint.ByteCount, new FileInfo(Path.Combine(directory, "model.safetensors")).Length);
        return directory;
    }
}
