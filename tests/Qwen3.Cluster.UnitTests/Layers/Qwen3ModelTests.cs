using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Layers;

public sealed class Qwen3ModelTests
{
    private static readonly string Moe = RandomCheckpoint.Make(new JsonObject(), seed: 5);
    private static readonly int[] Prompt = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3];

    [Fact]
    public void Says_what_the_engine_must_know()
    {
        using TestModel model = new(Moe, new ReferenceBackend(), new CacheOptions(8, 5));
        Assert.Equal(
            (128, 1024, 4, 8, 5),
            (model.Model.VocabularySize, model.Model.MaxPositions, model.Model.ExpertsPerToken, model.Model.PageSize, model.Model.PageCount));

        using TestModel dense = new(RandomCheckpoint.Make(new JsonObject { ["num_experts"] = 0 }), new ReferenceBackend());
        Assert.Equal(1, dense.Model.ExpertsPerToken);
    }

    [Fact]
    public void A_limit_of_k_experts_changes_nothing_and_a_lower_one_does()
    {
        using TestModel model = new(Moe, new SimdBackend());
        float[][] free = model.Logits(Prompt, 0, model.AllPages());
        Assert.Equal(free, model.Logits(Prompt, 0, model.AllPages(), expertLimit: 4));
        Assert.NotEqual(free, model.Logits(Prompt, 0, model.AllPages(), expertLimit: 3));
    }

    [Fact]
    public void A_limit_holds_for_its_own_sequence_alone()
    {
        using TestModel model = new(Moe, new SimdBackend());
        float[][] free = model.Logits(Prompt, 0, [0]);
        float[][] limited = model.Logits(Prompt, 0, [1], expertLimit: 1);
        StepBatch batch = new();
        batch.Add(Prompt, 0, new[] { 2 }, 1, LogitRows.All);
        batch.Add(Prompt, 0, new[] { 3 }, 4, LogitRows.All);
        Assert.Equal([.. limited, .. free], model.Run(batch));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_limit_makes_the_model_one_whose_own_k_it_is(int limit)
    {
        // The same weights and another k; the reference back-end is the truth.
        using TestModel smaller = new(RandomCheckpoint.Make(new JsonObject { ["num_experts_per_tok"] = limit }, seed: 5), new ReferenceBackend());
        using TestModel reference = new(Moe, new ReferenceBackend());
        using TestModel simd = new(Moe, new SimdBackend());
        float[][] expected = smaller.Logits(Prompt);
        Assert.Equal(expected, reference.Logits(Prompt, 0, reference.AllPages(), limit));
        Assert.All(
            simd.Logits(Prompt, 0, simd.AllPages(), limit).Zip(expected),
            row => Assert.All(row.First.Zip(row.Second), logit => Assert.Equal(logit.Second, logit.First, 0.05f)));
    }

    [Fact]
    public void A_limit_leaves_dense_blocks_whole()
    {
        using TestModel dense = new(RandomCheckpoint.Make(new JsonObject { ["num_experts"] = 0 }), new SimdBackend());
        Assert.Equal(dense.Logits(Prompt), dense.Logits(Prompt, 0, dense.AllPages(), expertLimit: 1));
    }

    [Fact]
    public void Logits_come_for_the_rows_that_want_them()
    {
        using TestModel model = new(Moe, new SimdBackend());
        float[][] all = model.Logits(Prompt);
        StepBatch batch = new();
        batch.Add(Prompt, 0, new[] { 0 }, 4, LogitRows.None);
        batch.Add(Prompt, 0, new[] { 1 }, 4, LogitRows.Last);
        batch.Add(Prompt, 0, new[] { 2 }, 4, LogitRows.All);
        Assert.Equal([all[^1], .. all], model.Run(batch));
    }

    [Theory]
    [InlineData(128, 0, 1, "Token 128 is not in the vocabulary of 128.")]
    [InlineData(-1, 0, 1, "Token -1 is not in the vocabulary of 128.")]
    [InlineData(0, 16, 1, "Position 16 needs 2 pages of 16, but the sequence has 1.")]
    [InlineData(0, 0, 16, "Page 16 is not one of the cache's 16.")]
    [InlineData(0, 0, -1, "Page -1 is not one of the cache's 16.")]
    [InlineData(0, 1024, 1, "Position 1024 is beyond the model's 1024 positions.")]
    public void A_step_that_would_read_elsewhere_is_refused(int token, int position, int page, string message)
    {
        using TestModel model = new(Moe, new SimdBackend());
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => model.Logits([token], position, [page]));
        Assert.StartsWith(message, refusal.Message);
    }

    [Fact]
    public void Room_for_another_number_of_logits_is_refused()
    {
        using TestModel model = new(Moe, new SimdBackend());
        StepBatch batch = new();
        batch.Add(Prompt, 0, new[] { 0 }, 4, LogitRows.Last);
        Assert.Throws<ArgumentException>(() => model.Model.Forward(batch, new float[127]));
        Assert.Throws<ArgumentException>(() => model.Model.Forward(batch, new float[129]));
    }
}
