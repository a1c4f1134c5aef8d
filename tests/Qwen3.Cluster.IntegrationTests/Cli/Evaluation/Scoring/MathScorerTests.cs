using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Scoring;

public class MathScorerTests
{
    [Theory]
    [InlineData("33", @"So \boxed{33}.")]
    [InlineData("33", @"\boxed{032} is wrong, \boxed{033}")]
    [InlineData("033", "The answer is 33.")]
    [InlineData("1/2", @"\boxed{\dfrac{1}{2}}")]
    [InlineData(@"\frac{1}{2}", @"\boxed{0.5}")]
    [InlineData(@"\frac12", @"\boxed{\frac{2}{4}}")]
    [InlineData("-7", @"$\boxed{-7}$")]
    [InlineData("1,000", @"\boxed{1000}")]
    [InlineData(@"\left(3, \frac{\pi}{2}\right)", @"\boxed{(3,\frac{\pi}{2})}")]
    [InlineData(@"x^{2}+1", @"\boxed{x^{2} + 1}")]
    [InlineData("33", @"\boxed{33")]
    [InlineData("45", @"\boxed{45^\circ}")]
    public async Task TheLastBoxElseTheLastNumberIsTheAnswer(string answer, string reply) =>
        Assert.True(await new MathScorer(answer).IsRightAsync(reply, TestContext.Current.CancellationToken));

    [Theory]
    [InlineData("33", "")]
    [InlineData("33", @"\boxed{34}, not 33")]
    [InlineData("33", "133")]
    [InlineData("1/2", @"\boxed{\frac{1}{0}}")]
    [InlineData("(3, 4)", @"\boxed{(4, 3)}")]
    public async Task AnythingElseIsNot(string answer, string reply) =>
        Assert.False(await new MathScorer(answer).IsRightAsync(reply, TestContext.Current.CancellationToken));
}
