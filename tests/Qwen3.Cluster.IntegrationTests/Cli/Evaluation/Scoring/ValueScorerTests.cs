using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Scoring;

public class ValueScorerTests
{
    [Theory]
    [InlineData("85", "85")]
    [InlineData("85", "47 + 38 = 85.")]
    [InlineData("85", " **85** \n")]
    [InlineData("85", "８５。")]
    [InlineData("85", "You get 85 apples.")]
    [InlineData("-5", "3 - 8 = -5")]
    [InlineData("-5", "−5")]
    [InlineData("1234", "It is 1,234.")]
    [InlineData("2.5", "That is 2.5 km.")]
    [InlineData("3, 7, 12", "3, 7, 12")]
    [InlineData("3, 7, 12", "Sorted: 3,7,12.")]
    [InlineData("3, 7, 12", "从小到大：3、7、12。")]
    [InlineData("100, 200", "100,200")]
    [InlineData("TAC", "The word is TAC.")]
    [InlineData("0071", "0071")]
    [InlineData("<", "3 <")]
    public async Task TheLastValueIsTheAnswer(string answer, string reply) =>
        Assert.True(await new ValueScorer(answer).IsRightAsync(reply, TestContext.Current.CancellationToken));

    [Theory]
    [InlineData("85", "")]
    [InlineData("85", "185")]
    [InlineData("85", "8.85")]
    [InlineData("85", "085")]
    [InlineData("85", "85, but rather 86")]
    [InlineData("85", "-85")]
    [InlineData("12", "3, 7, 12")]
    [InlineData("5", "3 - 8 = -5")]
    [InlineData("3, 7, 12", "7, 3, 12")]
    [InlineData("3, 7, 12", "3, 7, 12, 15")]
    [InlineData("3, 7, 12", "1, 3, 7, 12")]
    [InlineData("3, 7, 12", "12")]
    [InlineData("TAC", "TACT")]
    [InlineData("TAC", "CAT")]
    [InlineData("<", "3 > 2")]
    public async Task AnythingElseIsNot(string answer, string reply) =>
        Assert.False(await new ValueScorer(answer).IsRightAsync(reply, TestContext.Current.CancellationToken));
}
