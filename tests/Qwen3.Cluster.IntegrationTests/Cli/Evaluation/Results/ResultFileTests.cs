using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Evaluation.Results;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Results;

public sealed class ResultFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("qwen3-results-").FullName;

    private string File => Path.Combine(_directory, ResultFile.FileName);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void WhatWasAppendedIsThereWhenItIsOpenedAgain()
    {
        EvalResult[] results = [ScriptedResult.Of("deep", "a", true, seconds: 1.25, thinking: 3, dropped: 2), ScriptedResult.Refusal("fast", "b\"\n")];
        Append(results);
        Append(results[0]);
        using ResultFile file = ResultFile.Open(_directory);
        Assert.Equal([.. results, results[0]], file.Read);
    }

    [Fact]
    public void ALineThatWasNotWrittenWholeIsDropped()
    {
        Append(ScriptedResult.Of("deep", "a", true));
        System.IO.File.AppendAllText(File, """{"setting": "deep", "que""");
        Append(ScriptedResult.Of("deep", "b", true));
        using ResultFile file = ResultFile.Open(_directory);
        Assert.Equal(["a", "b"], file.Read.Select(result => result.Question));
    }

    [Fact]
    public void ALineThatIsNoResultIsNamed()
    {
        Append(ScriptedResult.Of("deep", "a", true));
        System.IO.File.AppendAllText(File, "what?\n");
        Assert.Contains($"{File}, line 2 is no result", Assert.Throws<UsageException>(() => ResultFile.Open(_directory)).Message);
    }

    [Fact]
    public void TwoRunsAtATimeAreRefused()
    {
        using ResultFile file = ResultFile.Open(_directory);
        Assert.Throws<IOException>(() => ResultFile.Open(_directory));
    }

    private void Append(params EvalResult[] results)
    {
        using ResultFile file = ResultFile.Open(_directory);
        Array.ForEach(results, file.Append);
    }
}
