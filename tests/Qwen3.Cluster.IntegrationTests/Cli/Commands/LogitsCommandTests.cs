using System.Text;
using System.Text.Json;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Tests;
using Qwen3.Cluster.Torch;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

public class LogitsCommandTests
{
    public static MatrixTheoryData<string, string> Cases => new(FixtureCheckpoints.Names, ["reference", "simd", "torch"]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task PrintsTheLogitsOfEveryPosition(string fixture, string backend)
    {
        Dictionary<string, SimpleSafetensors.Tensor> expected = FixtureCheckpoints.Expected(fixture);
        int[] ids = [.. expected["eight.ids"].Values.Select(id => (int)id)];

        CommandRun run = await CommandRun.Of(["logits", FixtureCheckpoints.Directory(fixture), "--ids", string.Join(',', ids), "--backend", backend]);

        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error));
        float[][] logits = Logits(run);
        Assert.Equal(ids.Length, logits.Length);
        Assert.All(logits.SelectMany(row => row).Zip(expected["eight.logits"].Values), pair => Assert.Equal(pair.Second, pair.First, 1e-4));
    }

    [Fact]
    public async Task TheNumbersReadBackAsTheyWere()
    {
        CommandRun run = await CommandRun.Of(["logits", FixtureCheckpoints.Directory("tiny-moe"), "--ids", "1,17,200"]);
        using TestModel model = new(FixtureCheckpoints.Directory("tiny-moe"), new Model.Backends.SimdBackend());
        Assert.Equal(model.Logits(1, 17, 200), Logits(run));
    }

    [Fact]
    public async Task NoMoreThanARowIsHeldAsText()
    {
        using LargestWrite output = new();
        string[] arguments = ["logits", FixtureCheckpoints.Directory("tiny-moe"), "--ids", string.Join(',', Enumerable.Range(0, 40))];
        Assert.Equal(ExitCode.Success, await CommandLine.RunAsync(arguments, new CommandTerminal(TextReader.Null, output, TextWriter.Null)));
        Assert.InRange(output.Total, 100_000, int.MaxValue);
        Assert.InRange(output.Largest, 1, output.Total / 30);
    }

    [Fact]
    public async Task AnIdOutsideOfTheVocabularyIsAUsageError()
    {
        CommandRun run = await CommandRun.Of(["logits", FixtureCheckpoints.Directory("tiny-moe"), "--ids", "1,256"]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("256", run.Error);
    }

    private sealed class LargestWrite : TextWriter
    {
        public int Largest { get; private set; }

        public int Total { get; private set; }

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Write(value.ToString());

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(string? value)
        {
            Largest = Math.Max(Largest, value!.Length);
            Total += value.Length;
        }
    }

    private static float[][] Logits(CommandRun run) => JsonDocument.Parse(run.Output).RootElement.GetProperty("logits").Deserialize<float[][]>()!;
}
