using Google.Protobuf.WellKnownTypes;
using Qwen3.Cluster.Cli.Chat;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Chat;

public class ReplySummaryTests
{
    private static readonly TimeSpan FirstToken = TimeSpan.FromMilliseconds(51.6);

    [Fact]
    public void SaysWhatWasSpentOfTheBudget() => Assert.Equal(
        "85 tokens · 42 tokens/s · first token 52 ms · thinking 2 of 2 steps, 31 of 256 tokens, closed at the limit of steps",
        Summary(new Usage { ThinkingSteps = 2, ThinkingTokens = 31, ThinkingEnd = ThinkingEnd.Steps }, new() { MaxSteps = 2, MaxThinkingTokens = 256 }));

    [Fact]
    public void LeavesOutWhatWasNotLimited() => Assert.Equal(
        "85 tokens · 42 tokens/s · first token 52 ms · thinking 1 step, 31 tokens, ended by the model",
        Summary(new Usage { ThinkingSteps = 1, ThinkingTokens = 31, ThinkingEnd = ThinkingEnd.Model }, new()));

    [Fact]
    public void AnEmptyThinkBlockIsNoThinking() => Assert.Contains(
        "no thinking", Summary(new Usage { ThinkingTokens = 1, ThinkingEnd = ThinkingEnd.Model }, new()));

    [Fact]
    public void SaysThatThereWasNoThinkingAndThatTheReplyWasCut() => Assert.Equal(
        "85 tokens · 42 tokens/s · first token 52 ms · no thinking · cut at its limit of tokens",
        Summary(new Usage(), new(), FinishReason.Length));

    [Fact]
    public void GivesNoSpeedForASingleToken() => Assert.Equal(
        "1 token · first token 52 ms · no thinking",
        ReplySummary.Of(new ReplyFinished { Usage = Timed(new Usage { ReplyTokens = 1 }) }, FirstToken, Mode.Unspecified, new()));

    [Theory]
    [InlineData(8u, 9_770_000_000ul, "8 experts, 9.77B parameters a token")]
    [InlineData(1u, 800_400_000ul, "1 expert, 800.4M parameters a token")]
    [InlineData(0u, 595_776_512ul, "595.8M parameters")]
    public void SaysWhatALimitOnActivatedParametersCameTo(uint experts, ulong parameters, string expected) => Assert.EndsWith(
        $" · no thinking · {expected}",
        Summary(new Usage { ExpertsPerToken = experts, ActiveParameters = parameters }, new() { MaxActiveParameters = 10_000_000_000 }));

    [Fact]
    public void SaysThatTheClockClosedTheThinkingAndCutTheAnswer() => Assert.EndsWith(
        "thinking 1 step, 31 tokens, closed in time for the answer · DEADLINE: cut at the response time",
        Summary(new Usage { ThinkingSteps = 1, ThinkingTokens = 31, ThinkingEnd = ThinkingEnd.Time }, new(), FinishReason.Deadline));

    [Theory]
    [InlineData(Mode.Fast, 0u, "no thinking · auto: fast")]
    [InlineData(Mode.Deep, 0u, "no thinking · auto: deep")]
    [InlineData(Mode.Deep, 3u, "no thinking · auto: deep, 3 tokens of a direct answer dropped")]
    public void SaysWhatAutoCameTo(Mode mode, uint dropped, string expected)
    {
        Usage usage = new() { Mode = mode, DroppedTokens = dropped };
        Assert.EndsWith(expected, Summary(usage, new(), mode: Mode.Auto));
        Assert.EndsWith("no thinking", Summary(usage, new(), mode: Mode.Deep));
    }

    [Fact]
    public void SaysHowManyDraftsCameTrue() => Assert.EndsWith(
        "no thinking · 7 of 9 drafted tokens came true", Summary(new Usage { DraftedTokens = 9, AcceptedTokens = 7 }, new()));

    private static string Summary(Usage usage, ThinkingBudget budget, FinishReason reason = FinishReason.Stop, Mode mode = Mode.Unspecified)
    {
        usage.ReplyTokens = 85;
        return ReplySummary.Of(new ReplyFinished { Reason = reason, Usage = Timed(usage) }, FirstToken, mode, budget);
    }

    // 2 s for the tokens after the first.
    private static Usage Timed(Usage usage)
    {
        usage.TimeToFirstToken = Duration.FromTimeSpan(TimeSpan.FromSeconds(0.5));
        usage.Duration = Duration.FromTimeSpan(TimeSpan.FromSeconds(2.5));
        return usage;
    }
}
