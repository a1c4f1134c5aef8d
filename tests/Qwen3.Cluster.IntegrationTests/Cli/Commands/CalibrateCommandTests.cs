using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

public sealed class CalibrateCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("qwen3-calibrate-").FullName;

    [Fact]
    public async Task The_threshold_found_is_written_beside_the_model()
    {
        foreach (string file in Directory.GetFiles(EmbeddedModel.Directory))
        {
            File.Copy(file, Path.Combine(_directory, Path.GetFileName(file)));
        }

        // One that no mode gets right, so that the direct answer, which costs less, will do for all.
        string questions = Questions(("What is 47 + 38?", "85"), ("What is 21 + 34?", "54"));
        CommandRun run = await CommandRun.Of(
            ["calibrate", "--questions", questions, "--model", _directory, "--probe-tokens", "7", "--loss", "100", "--write"]);

        Assert.Equal("", run.Error);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("chosen", run.Output);
        Assert.Contains("always thinks", run.Output);
        Assert.Contains("DEEP is right at", run.Output);
        Assert.Equal(new AutoCalibration { Threshold = 0, ProbeTokens = 7 }, AutoCalibration.Load(_directory));
    }

    [Fact]
    public async Task Without_being_told_to_write_it_shows_the_settings()
    {
        AutoCalibration? before = AutoCalibration.Load(EmbeddedModel.Directory);
        CommandRun run = await CommandRun.Of(["calibrate", "--questions", Questions(("What is 47 + 38?", "85"))]);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("Qwen3:Models:0:Auto:Threshold=", run.Output);
        Assert.Contains("Qwen3:Models:0:Auto:ProbeTokens=24", run.Output);
        Assert.Equal(before, AutoCalibration.Load(EmbeddedModel.Directory));
    }

    [Theory]
    [InlineData("--write", "--server", "http://127.0.0.1:1", "--write is for a model of this process")]
    [InlineData("--probe-tokens", "1025", "--write", "1024 at most")]
    public async Task What_cannot_be_done_is_refused_before_anything_is_asked(params string[] arguments)
    {
        CommandRun run = await CommandRun.Of(["calibrate", "--questions", Questions(("What is 47 + 38?", "85")), .. arguments[..^1]]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(arguments[^1], run.Error);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string Questions(params (string Question, string Answer)[] questions)
    {
        string path = Path.Combine(_directory, "questions.jsonl");
        File.WriteAllLines(path, questions.Select(
            question => $$"""{"task": "sum", "difficulty": "easy", "language": "en", "question": "{{question.Question}}", "answer": "{{question.Answer}}"}"""));
        return path;
    }
}
