using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Tests;
using Qwen3.Cluster.Torch;

namespace Qwen3.Cluster.IntegrationTests.Torch;

/// <summary>libtorch's forward pass against an independent float64 implementation: tests/Fixtures.</summary>
public sealed class TorchBackendTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string> Fixtures => [.. FixtureCheckpoints.Names];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Logits_match_float64(string fixture)
    {
        Dictionary<string, SimpleSafetensors.Tensor> expected = FixtureCheckpoints.Expected(fixture);
        using TestModel model = new(FixtureCheckpoints.Directory(fixture), new TorchBackend());
        string[] sequences = [.. new[] { "one", "eight", "forty" }.Where(name => expected.ContainsKey(name + ".ids"))];
        Assert.Contains("forty", sequences);
        foreach (string name in sequences)
        {
            AssertClose(expected[name + ".logits"].Values, model.Logits(expected[name + ".ids"].Ids));
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Greedy_continuation_from_the_cache_matches(string fixture)
    {
        Dictionary<string, SimpleSafetensors.Tensor> expected = FixtureCheckpoints.Expected(fixture);
        using TestModel model = new(FixtureCheckpoints.Directory(fixture), new TorchBackend());
        int[] greedy = expected["greedy.ids"].Ids;
        Assert.Equal(greedy, model.Greedy(expected["eight.ids"].Ids, greedy.Length));
    }

    [Fact]
    public void Chunks_and_neighbours_leave_the_logits_close()
    {
        Dictionary<string, SimpleSafetensors.Tensor> expected = FixtureCheckpoints.Expected("tiny-moe");
        int[] ids = expected["forty.ids"].Ids;
        using TestModel model = new(FixtureCheckpoints.Directory("tiny-moe"), new TorchBackend(), new CacheOptions(PageSize: 16, PageCount: 8));
        int[] ours = [5, 0, 3], others = [7, 2];
        StepBatch first = new();
        first.Add(ids.AsSpan(20, 9), 0, others, int.MaxValue, LogitRows.None);
        first.Add(ids.AsSpan(0, 17), 0, ours, int.MaxValue, LogitRows.All);
        StepBatch second = new();
        second.Add(ids.AsSpan(17), 17, ours, int.MaxValue, LogitRows.All);
        second.Add(ids.AsSpan(29, 1), 9, others, int.MaxValue, LogitRows.None);
        AssertClose(expected["forty.logits"].Values, [.. model.Run(first), .. model.Run(second)]);
    }

    [Fact]
    public void Of_the_last_layer_only_the_rows_that_are_wanted_go_on()
    {
        int[] ids = FixtureCheckpoints.Expected("tiny-moe")["forty.ids"].Ids;
        using TestModel model = new(FixtureCheckpoints.Directory("tiny-moe"), new TorchBackend(), new CacheOptions(PageSize: 16, PageCount: 8));
        float[] expected = model.Logits(ids)[^1];
        for (int again = 0; again < 2; again++)
        {
            StepBatch none = new(), last = new();
            none.Add(ids.AsSpan(0, 25), 0, new[] { 3, 4, 5 }, int.MaxValue, LogitRows.None);
            last.Add(ids.AsSpan(25), 25, new[] { 3, 4, 5 }, int.MaxValue, LogitRows.Last);
            Assert.Empty(model.Run(none));
            float[] given = Assert.Single(model.Run(last));
            Assert.All(expected.Zip(given), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        }
    }

    [Theory]
    [InlineData(CacheFormat.BF16)]
    [InlineData(CacheFormat.Q8)]
    public void Keeps_keys_and_values_as_the_plain_loops_do(CacheFormat format)
    {
        int[] ids = FixtureCheckpoints.Expected("tiny-moe")["forty.ids"].Ids;
        string directory = FixtureCheckpoints.Directory("tiny-moe");
        double[] exact = Logits(new ReferenceBackend(), CacheFormat.F32), kept = Logits(new ReferenceBackend(), format), ours = Logits(new TorchBackend(), format);

        // A number at the border of two roundings may fall to either side: closer to each other than to what is not rounded.
        Assert.True(Distance(kept, ours) < 0.2 * Distance(kept, exact), $"{Distance(kept, ours):g3} of {Distance(kept, exact):g3}");

        double[] Logits(IBackend backend, CacheFormat cache)
        {
            using TestModel model = new(directory, backend, new CacheOptions(16, 4, cache));
            return [.. model.Logits(ids).SelectMany(row => row).Select(logit => (double)logit)];
        }

        static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Average());
    }

    private static void AssertClose(double[] expected, float[][] logits)
    {
        float[] actual = [.. logits.SelectMany(row => row)];
        Assert.Equal(expected.Length, actual.Length);
        double worst = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst <= Tolerance, $"The largest difference is {worst:g3}.");
    }
}
