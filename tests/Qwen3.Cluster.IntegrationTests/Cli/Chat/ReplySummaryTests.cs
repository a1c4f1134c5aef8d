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
        ReplySummary.Of(new ReplyFinished { Usage = Timed(new Usage { ReplyTokens = 1 }) }, FirstToken, new()));

    private static string Summary(Usage usage, ThinkingBudget budget, FinishReason reason = FinishReason.Stop)
    {
        usage.ReplyTokens = 85;
        return ReplySummary.Of(new ReplyFinished { Reason = reason, Usage = Timed(usage) }, FirstToken, budget);
    }

    // 2 s for the tokens after the first.
    private static Usage Timed(Usage usage)
    {
        usage.TimeToFirstToken = Duration.FromTimeSpan(TimeSpan.FromSeconds(0.5));
        usage.Duration = Duration.FromTimeSpan(TimeSpan.FromSeconds(2.5));
        return usage;
    }
}
