using System.Text.Json;
using Qwen3.Cluster.Cli;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

public sealed class BenchCommandTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("qwen3-bench-").FullName;

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    [Fact]
    public async Task MeasuresTheEmbeddedModelAsJson()
    {
        CommandRun run = await CommandRun.Of(
            ["bench", "--prompt", "20", "--decode", "2", "--batch", "1,3", "--context", "0,40,4095", "--repeat", "2", "--threads", "2", "--json"]);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        Assert.True(report.GetProperty("machine").GetProperty("read_bytes_per_second").GetDouble() > 1e8);
        Assert.True(report.GetProperty("machine").GetProperty("operations_per_second").GetDouble() > 1e8);

        JsonElement[] results = [.. report.GetProperty("results").EnumerateArray()];
        Assert.Equal(
            [("prompt", 1, 0), ("decode", 1, 0), ("decode", 3, 0), ("decode", 1, 40), ("decode", 3, 40)],
            results.Select(result => (result.GetProperty("kind").GetString()!, result.GetProperty("batch").GetInt32(), result.GetProperty("context").GetInt32())));
        Assert.All(results, result => Assert.InRange(
            result.GetProperty("tokens_per_second").GetDouble(), result.GetProperty("slowest").GetDouble(), result.GetProperty("fastest").GetDouble()));

        // One token asks its eight experts; three ask more, and read more, and so does who looks back at more.
        Assert.Equal(8, results[1].GetProperty("distinct_experts").GetDouble());
        Assert.InRange(results[2].GetProperty("distinct_experts").GetDouble(), 8.5, 24);
        Assert.True(results[2].GetProperty("step_bytes").GetInt64() > results[1].GetProperty("step_bytes").GetInt64());
        Assert.Equal(40 * 4 * 2 * 2 * 32 * sizeof(ushort), results[3].GetProperty("step_bytes").GetInt64() - results[1].GetProperty("step_bytes").GetInt64());

        Assert.All(report.GetProperty("skipped").EnumerateArray(), why => Assert.Contains("4096 positions", why.GetString()));
        Assert.Equal(2, report.GetProperty("skipped").GetArrayLength());
    }

    [Fact]
    public async Task MeasuresARandomCheckpointAsATable()
    {
        string directory = Path.Combine(_parent, "random"), config = Path.Combine(_parent, "config.json");
        await File.WriteAllTextAsync(config, """
            {"model_type": "qwen3", "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
             "head_dim": 32, "vocab_size": 4096, "max_position_embeddings": 512, "rope_theta": 10000, "tie_word_embeddings": false}
            """, TestContext.Current.CancellationToken);
        CommandRun made = await CommandRun.Of(["pack", "--random", config, "--out", directory, "--format", "q4", "--layers", "2", "--vocab", "2048"]);
        Assert.Equal("", made.Error);
        Assert.StartsWith(directory, made.Output, StringComparison.Ordinal);

        CommandRun run = await CommandRun.Of(["bench", directory, "--weights", "q4", "--prompt", "0", "--decode", "1", "--batch", "2", "--repeat", "1"]);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("weights q4", run.Output);
        Assert.Contains("decode", run.Output);
        Assert.DoesNotContain("prompt", run.Output);
        Assert.DoesNotContain("Packing", run.Error);

        CommandRun inspected = await CommandRun.Of(["inspect", directory]);
        Assert.Contains("can be served", inspected.Output);
    }

    [Theory]
    [InlineData("--batch", "0", "--batch has 0")]
    [InlineData("--context", "-1", "--context has -1")]
    [InlineData("--decode", "none", "--decode is none")]
    public async Task AMistakeIsNamed(string option, string value, string sentence)
    {
        CommandRun run = await CommandRun.Of(["bench", option, value]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(sentence, run.Error);
    }

    [Theory]
    [InlineData("pack --random qwen3-4b --format q4", "--out")]
    [InlineData("pack --format q4", "--random with a geometry")]
    [InlineData("pack anywhere --format bf16", "go with --random")]
    [InlineData("pack anywhere --format q4 --layers 2", "go with --random")]
    [InlineData("pack anywhere --random qwen3-4b --format q4 --out there", "--random with a geometry")]
    public async Task PacksEitherAModelOrRandomWeights(string line, string sentence)
    {
        CommandRun run = await CommandRun.Of(line.Split(' '));
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(sentence, run.Error);
    }
}
