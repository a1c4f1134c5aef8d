using System.Text.Json;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

public class InspectCommandTests
{
    public static TheoryData<string> Fixtures => [.. FixtureCheckpoints.Names];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public async Task SaysWhatAFixtureIs(string name)
    {
        CommandRun run = await CommandRun.Of(["inspect", FixtureCheckpoints.Directory(name)]);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        using Checkpoint checkpoint = FixtureCheckpoints.Open(name);
        Assert.Contains(checkpoint.Config.Architecture, run.Output);
        Assert.Contains($"{checkpoint.Config.Parameters.Total:N0} in all", run.Output);
        Assert.Contains("a conversation would be refused", run.Output);
    }

    [Fact]
    public async Task CountsWhatIsActiveForEachK()
    {
        CommandRun run = await CommandRun.Of(["inspect", FixtureCheckpoints.Directory("tiny-moe")]);
        using Checkpoint checkpoint = FixtureCheckpoints.Open("tiny-moe");
        Assert.All(Enumerable.Range(1, 8), k => Assert.Matches($"k = {k} +{checkpoint.Config.Parameters.Active(k):N0}\n", run.Output));
    }

    [Fact]
    public async Task AModelThatConversesCanBeServed()
    {
        CommandRun run = await CommandRun.Of(["inspect", TinyChatModel.Moe.Value]);
        Assert.Contains("can be served", run.Output);
        Assert.DoesNotContain("refused", run.Output);
        Assert.Contains("July2025, in place of one that the checkpoint does not have; thinking: Hybrid", run.Output);
    }

    [Fact]
    public async Task WritesTheReportAsJson()
    {
        CommandRun run = await CommandRun.Of(["inspect", TinyChatModel.Moe.Value, "--json"]);
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        Assert.True(report.GetProperty("converses").GetBoolean());
        Assert.Equal(16, report.GetProperty("config").GetProperty("expert_count").GetInt32());
        Assert.Equal(4, report.GetProperty("parameters").GetProperty("active").GetArrayLength());
        Assert.Equal(TinyChatModel.VocabularySize, report.GetProperty("tokenizer").GetProperty("vocabulary_size").GetInt32());
    }

    [Fact]
    public async Task ABrokenCheckpointIsRefusedWithItsFileAndEverythingThatIsWrong()
    {
        string directory = TinyChatModel.Make("inspect-broken", experts: 16);
        string weights = Path.Combine(directory, "model.safetensors");
        using (FileStream file = File.OpenWrite(weights))
        {
            file.SetLength(file.Length - 1000);
        }

        File.WriteAllText(Path.Combine(directory, "tokenizer.json"), "{}");

        CommandRun run = await CommandRun.Of(["inspect", directory]);
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("would be refused", run.Output);
        Assert.Contains(weights, run.Output);
        Assert.Contains("tokenizer.json", run.Output);
    }

    [Fact]
    public async Task ADirectoryThatIsNotThereIsRefused()
    {
        CommandRun run = await CommandRun.Of(["inspect", "/no/such/directory"]);
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("/no/such/directory does not exist", run.Output);
        Assert.DoesNotContain("is missing", run.Output);
        Assert.DoesNotContain("chat template", run.Output);
    }
}
