using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Evaluation.Settings;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Settings;

public sealed class EvalPlanTests : IDisposable
{
    private static readonly EvalPlan Plan = new("tiny", 5, ["own.jsonl 00ff"], null, ["fast", "deep"], 1, 1, 0, null, 8);

    private readonly string _directory = Directory.CreateTempSubdirectory("qwen3-plan-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void TheSamePlanGoesOn()
    {
        Plan.Claim(_directory);
        (Plan with { Settings = ["fast", "deep"] }).Claim(_directory);
    }

    [Fact]
    public void AnotherPlanIsRefusedAndWhatDiffersNamed()
    {
        Plan.Claim(_directory);
        Assert.Contains("its settings is fast; deep, and this one's fast", Refused(Plan with { Settings = ["fast"] }));
        Assert.Contains("its questions is own.jsonl 00ff, and this one's own.jsonl 00fe", Refused(Plan with { Questions = ["own.jsonl 00fe"] }));
        Assert.Contains("its max_tokens is none, and this one's 9", Refused(Plan with { MaxTokens = 9 }));
        Assert.Contains("its concurrency is 8, and this one's 4", Refused(Plan with { Concurrency = 4 }));
    }

    private string Refused(EvalPlan plan) => Assert.Throws<UsageException>(() => plan.Claim(_directory)).Message;
}
