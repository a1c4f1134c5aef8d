using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Experts;

public sealed class LocalExpertPoolTests : IDisposable
{
    private const int Hidden = 64;
    private const int Width = 32;
    private static readonly Lazy<string> Directory = new(() => RandomCheckpoint.Make(new JsonObject { ["num_hidden_layers"] = 2 }));

    private readonly Checkpoint _checkpoint = Checkpoint.Open(Directory.Value);
    private readonly SimdBackend _backend = new(2);
    private readonly Random _random = new(8);
    private readonly ExpertLayout _layout;

    public LocalExpertPoolTests() => _layout = ExpertLayout.For(_checkpoint.Config);

    [Fact]
    public void Each_answer_is_that_of_plain_loops_and_does_not_depend_on_the_others()
    {
        using LocalExpertPool pool = new(_backend, _checkpoint, _layout);
        float[] inputs = Numbers(5 * Hidden);
        int[] rows = [0, 4, 2, 2, 0, 1, 3, 4, 0], experts = [3, 3, 0, 15, 3, 7, 3, 7, 0];
        float[] outputs = new float[rows.Length * Hidden];

        pool.Compute(layer: 1, inputs, rows, experts, outputs);

        for (int i = 0; i < rows.Length; i++)
        {
            float[] alone = new float[Hidden];
            pool.Compute(layer: 1, inputs, rows.AsSpan(i, 1), experts.AsSpan(i, 1), alone);
            Assert.Equal(alone, outputs.AsSpan(i * Hidden, Hidden).ToArray());
            double[] expected = Expert(layer: 1, experts[i], inputs.AsSpan(rows[i] * Hidden, Hidden));
            Assert.All(expected.Zip(alone), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Fact]
    public void Answers_go_to_the_slots_that_they_are_given()
    {
        using LocalExpertPool pool = new(_backend, _checkpoint, _layout);
        float[] inputs = Numbers(2 * Hidden);
        float[] inOrder = new float[3 * Hidden];
        pool.Compute(layer: 0, inputs, [0, 1, 1], [5, 5, 2], inOrder);

        float[] outputs = new float[6 * Hidden];
        pool.Compute(layer: 0, inputs, [0, 1, 1], [5, 5, 2], outputs, [4, 0, 3]);
        Assert.Equal(inOrder.AsSpan(0, Hidden), outputs.AsSpan(4 * Hidden, Hidden));
        Assert.Equal(inOrder.AsSpan(Hidden, Hidden), outputs.AsSpan(0, Hidden));
        Assert.Equal(inOrder.AsSpan(2 * Hidden, Hidden), outputs.AsSpan(3 * Hidden, Hidden));
        Assert.All(outputs[(5 * Hidden)..], value => Assert.Equal(0, value));

        Assert.Throws<ArgumentException>(() => pool.Compute(layer: 0, inputs, [0, 1, 1], [5, 5, 2], outputs, [4, 0, 6]));
        Assert.Throws<ArgumentException>(() => pool.Compute(layer: 0, inputs, [0, 1, 1], [5, 5, 2], outputs, [4, 0]));
    }

    [Fact]
    public void Routed_tokens_get_their_outputs_in_their_slots()
    {
        using LocalExpertPool pool = new(_backend, _checkpoint, _layout);
        RoutedTokens tokens = new(Hidden, _layout.MaxChoices);
        tokens.Reset(3);
        Numbers(3 * Hidden).CopyTo(tokens.Inputs);
        for (int token = 0; token < 3; token++)
        {
            tokens.ChooseTop(token, Numbers(16), expertsPerToken: 4, expertLimit: token + 1, normalize: true);
        }

        tokens.Outputs.Span.Fill(float.NaN);
        pool.Begin(layer: 0, tokens).Finish();

        for (int token = 0; token < 3; token++)
        {
            for (int j = 0; j < 4; j++)
            {
                float[] output = tokens.Outputs.Slice(((token * 4) + j) * Hidden, Hidden).ToArray();
                if (j > token)
                {
                    Assert.All(output, value => Assert.Equal(float.NaN, value));
                    continue;
                }

                double[] expected = Expert(layer: 0, tokens.ExpertIds[(token * 4) + j], tokens.Inputs.Span.Slice(token * Hidden, Hidden));
                Assert.All(expected.Zip(output), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            }
        }
    }

    [Fact]
    public void A_part_of_the_experts_takes_its_part_of_the_memory_and_refuses_the_others()
    {
        using LocalExpertPool all = new(_backend, _checkpoint, _layout), some = new(_backend, _checkpoint, _layout, [1, 5, 1, 9, 15]);
        float[] inputs = Numbers(2 * Hidden), expected = new float[Hidden], actual = new float[Hidden];

        all.Compute(layer: 0, inputs, [1], [9], expected);
        some.Compute(layer: 0, inputs, [1], [9], actual);

        Assert.Equal(all.ByteCount, 4 * some.ByteCount);
        Assert.Equal(expected, actual);
        Assert.Contains("Expert 2 of layer 0 is not held here", Refusal(0, [1], [2]), StringComparison.Ordinal);
        Assert.Contains("Expert 16", Refusal(0, [1], [16]), StringComparison.Ordinal);
        Assert.Contains("Expert -1", Refusal(0, [1], [-1]), StringComparison.Ordinal);
        Assert.Contains("row 2 of 2", Refusal(0, [2], [9]), StringComparison.Ordinal);
        Assert.Contains("row -1", Refusal(0, [-1], [9]), StringComparison.Ordinal);
        Assert.Contains("come with", Refusal(0, [1, 0], [9]), StringComparison.Ordinal);
        Assert.Contains("layer", Refusal(2, [1], [9]), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new LocalExpertPool(_backend, _checkpoint, _layout, [16]));

        string Refusal(int layer, int[] rows, int[] experts) =>
            Assert.ThrowsAny<ArgumentException>(() => some.Compute(layer, inputs, rows, experts, new float[Hidden])).Message;
    }

    public void Dispose()
    {
        _backend.Dispose();
        _checkpoint.Dispose();
    }

    private double[] Expert(int layer, int expert, ReadOnlySpan<float> input)
    {
        string prefix = $"model.layers.{layer}.mlp.experts.{expert}.";
        float[] gate = _checkpoint.Get(prefix + "gate_proj.weight", Width, Hidden).ToFloats();
        float[] up = _checkpoint.Get(prefix + "up_proj.weight", Width, Hidden).ToFloats();
        float[] down = _checkpoint.Get(prefix + "down_proj.weight", Hidden, Width).ToFloats();
        double[] inner = new double[Width], output = new double[Hidden];
        for (int i = 0; i < Width; i++)
        {
            double g = 0, u = 0;
            for (int k = 0; k < Hidden; k++)
            {
                g += (double)gate[(i * Hidden) + k] * input[k];
                u += (double)up[(i * Hidden) + k] * input[k];
            }

            inner[i] = g / (1 + Math.Exp(-g)) * u;
            for (int n = 0; n < Hidden; n++)
            {
                output[n] += down[(n * Width) + i] * inner[i];
            }
        }

        return output;
    }

    private float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => _random.NextSingle())];
}
