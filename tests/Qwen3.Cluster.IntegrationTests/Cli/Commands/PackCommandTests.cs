using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

public class PackCommandTests
{
    [Fact]
    public async Task PacksBesideTheModelForWeights()
    {
        string directory = RandomCheckpoint.Make([]);
        CommandRun run = await CommandRun.Of(["pack", directory, "--format", "q8"]);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.StartsWith(Path.Combine(directory, "model.q8.packed"), run.Output, StringComparison.Ordinal);

        CommandRun packed = await CommandRun.Of(["logits", directory, "--ids", "1,2,3", "--weights", "q8"]);
        CommandRun stored = await CommandRun.Of(["logits", directory, "--ids", "1,2,3"]);
        Assert.Equal(ExitCode.Success, packed.ExitCode);
        Assert.NotEqual(stored.Output, packed.Output);
        Assert.Equal("", packed.Error);
    }

    [Fact]
    public async Task AFormatThatThereIsNotIsAMistakeOfUsage()
    {
        CommandRun run = await CommandRun.Of(["pack", "anywhere", "--format", "q5"]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("q5", run.Error);
    }
}
