using Qwen3.Cluster.Cli.Evaluation.Results;
using Qwen3.Cluster.Cli.Evaluation.Settings;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Results;

public class EvalSummaryTests
{
    private static readonly EvalSetting Deep = new(Mode.Deep, 2, null, null, null, null);
    private static readonly EvalSetting Auto = new(Mode.Auto, null, null, null, null, 1);

    [Fact]
    public void CountsWhatWasRefusedAsWrongAndNotAsFast()
    {
        EvalSummary all = EvalSummary.Of([Deep],
        [
            ScriptedResult.Of(Deep.Name, "a", true, seconds: 1, thinking: 10, reply: 14),
            ScriptedResult.Of(Deep.Name, "b", true, seconds: 3, thinking: 20, reply: 24),
            ScriptedResult.Of(Deep.Name, "c", false, seconds: 2, thinking: 0, reply: 4),
            ScriptedResult.Refusal(Deep.Name, "d"),
        ]).Single();

        Assert.Equal((4, 3, 1), (all.Questions, all.Replies, all.Errors));
        Assert.Equal(0.5, all.Accuracy);
        Assert.Equal(WilsonInterval.Of(0.5, 4), all.Interval);
        Assert.Equal((10, 14, 2 / 3.0), (all.ThinkingTokens, all.ReplyTokens, all.Thought));
        Assert.Equal((2, 3, 3), (all.Median, all.Percentile95, all.Slowest));
    }

    [Fact]
    public void DroppedTokensAreSpentToo()
    {
        EvalSummary all = EvalSummary.Of([Auto], [ScriptedResult.Of(Auto.Name, "a", true, reply: 10, dropped: 3)]).Single();
        Assert.Equal((13, 3), (all.ReplyTokens, all.DroppedTokens));
    }

    [Fact]
    public void TellsHowOftenTheClockEndedSomething()
    {
        EvalResult one = ScriptedResult.Of(Auto.Name, "a", true);
        EvalSummary all = EvalSummary.Of(
            [Auto], [one with { ThinkingEnd = "time" }, one with { Question = "b", ThinkingEnd = "time", Finish = "deadline" }, one with { Question = "c" }]).Single();
        Assert.Equal((2, 1), (all.ClosedByTime, all.CutByDeadline));
    }

    [Fact]
    public void SamplesOfAQuestionAreNoFurtherQuestions()
    {
        EvalSummary all = EvalSummary.Of([Deep], [ScriptedResult.Of(Deep.Name, "a", true), ScriptedResult.Of(Deep.Name, "a", false, sample: 1)]).Single();
        Assert.Equal((1, 2, 0.5), (all.Questions, all.Replies, all.Accuracy));
        Assert.Equal(WilsonInterval.Of(0.5, 1), all.Interval);
    }

    [Fact]
    public void GroupsFollowTheWhole() => Assert.Equal(
        [(Deep.Name, "all", 0.5), (Deep.Name, "easy", 1), (Deep.Name, "hard", 0), (Auto.Name, "all", 1)],
        EvalSummary.Of([Deep, Auto],
        [
            ScriptedResult.Of(Deep.Name, "b", false, "hard"), ScriptedResult.Of(Auto.Name, "a", true), ScriptedResult.Of(Deep.Name, "a", true),
        ]).Select(summary => (summary.Setting.Name, summary.Name, summary.Accuracy)));
}
