using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Layers;

/// <summary>The forward pass against an independent float64 implementation: tests/Fixtures.</summary>
public sealed class Qwen3ModelFixtureTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string fixture in FixtureCheckpoints.Names)
            {
                cases.Add(fixture, "reference");
                cases.Add(fixture, "simd");
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_match_float64(string fixture, string backend)
    {
        Dictionary<string, SimpleSafetensors.Tensor> expected = FixtureCheckpoints.Expected(fixture);
        using TestModel model = new(FixtureCheckpoints.Directory(fixture), Make(backend));
        string[] sequences = [.. new[] { "one", "eight", "forty" }.Where(name => expected.ContainsKey(name + ".ids"))];
        Assert.Contains("forty", sequences);
        foreach (string name in sequences)
        {
            float[][] logits = model.Logits(expected[name + ".ids"].Ids);
            AssertClose(expected[name + ".logits"].Values, logits.SelectMany(row => row));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Greedy_continuation_from_the_cache_matches(string fixture, string backend)
    {
        Dictionary<string, SimpleSafetensors.Tensor> expected = FixtureCheckpoints.Expected(fixture);
        using TestModel model = new(FixtureCheckpoints.Directory(fixture), Make(backend));
        int[] greedy = expected["greedy.ids"].Ids;
        Assert.Equal(greedy, model.Greedy(expected["eight.ids"].Ids, greedy.Length));
    }

    [Theory]
    [InlineData("tiny-moe", "reference")]
    [InlineData("tiny-dense", "reference")]
    [InlineData("tiny-moe", "simd")]
    [InlineData("tiny-dense", "simd")]
    public void Residual_stream_and_routes_match_float64(string fixture, string backend)
    {
        Dictionary<string, SimpleSafetensors.Tensor> expected = FixtureCheckpoints.Expected(fixture);
        RecordingBackend recording = new(Make(backend));
        using TestModel model = new(FixtureCheckpoints.Directory(fixture), recording);
        model.Logits(expected["eight.ids"].Ids);
        for (int layer = 0; layer < 2; layer++)
        {
            AssertClose(expected[$"eight.layer{layer}.after_attn"].Values, recording.Hidden[(2 * layer) + 1]);
            AssertClose(expected[$"eight.layer{layer}.out"].Values, recording.Hidden[(2 * layer) + 2]);
            if (expected.TryGetValue($"eight.layer{layer}.router_top", out SimpleSafetensors.Tensor? top))
            {
                Assert.Equal(top.Ids, recording.Routes[layer].ExpertIds);
                AssertClose(expected[$"eight.layer{layer}.router_weight"].Values, recording.Routes[layer].Weights);
            }
        }

        Assert.Equal(fixture == "tiny-moe" ? 2 : 0, recording.Routes.Count);
    }

    private static IBackend Make(string name) => name switch
    {
        "reference" => new ReferenceBackend(),
        "simd" => new SimdBackend(),
        _ => throw new ArgumentException(name),
    };

    private static void AssertClose(double[] expected, IEnumerable<float> actual)
    {
        float[] values = [.. actual];
        Assert.Equal(expected.Length, values.Length);
        double worst = expected.Zip(values, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst <= Tolerance, $"The largest difference is {worst:g3}.");
    }
}
