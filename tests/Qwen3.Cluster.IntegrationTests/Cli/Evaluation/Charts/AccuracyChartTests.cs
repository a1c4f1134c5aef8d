using Qwen3.Cluster.Cli.Evaluation.Charts;
using Qwen3.Cluster.Cli.Evaluation.Results;
using Qwen3.Cluster.Cli.Evaluation.Settings;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Charts;

public sealed class AccuracyChartTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("qwen3-chart-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void EachLimitWithSeveralValuesHasItsPicture()
    {
        EvalSetting[] settings =
        [
            new(Mode.Fast, null, null, null, null, null),
            .. new uint?[] { 1, 2, 8, null }.Select(steps => new EvalSetting(Mode.Deep, steps, null, null, null, null)),
            new(Mode.Deep, null, 64, null, null, null),
        ];
        EvalResult[] results = [.. settings.SelectMany(setting => (EvalResult[])[ScriptedResult.Of(setting.Name, "a", true), ScriptedResult.Of(setting.Name, "b", false, "hard")])];

        IReadOnlyList<string> files = AccuracyChart.Write(_directory, EvalSummary.Of(settings, results));

        Assert.Equal(["accuracy-by-steps.svg", "accuracy-by-steps.png"], files.Select(Path.GetFileName));
        string svg = File.ReadAllText(files[0]);
        Assert.All((string[])["deep: easy", "deep: hard", "fast: easy", "fast: hard", "thinking budget, steps", "no limit"], text => Assert.Contains(text, svg));
        Assert.DoesNotContain("64 tokens", svg);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(files[1])[..4]);
    }

    [Fact]
    public void TheScaleIsInPowersOfTwoWithAPlaceForZeroAndForNoLimit()
    {
        ChartScale scale = new([0, 16, 64]);
        Assert.Equal([3, 4, 6, 7], new double?[] { 0, 16, 64, null }.Select(scale.PlaceOf));
        Assert.Equal(["0", "16", "32", "64", "no limit"], new double[] { 3, 4, 5, 6, 7 }.Select(scale.LabelOf));
        Assert.Equal((3, 7), (scale.First, scale.Last));
        Assert.Equal(-1, new ChartScale([0.5, 2]).First);
    }
}
