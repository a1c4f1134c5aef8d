using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Scoring;

public class ChoiceScorerTests
{
    [Theory]
    [InlineData("""Not A. { "answer": "C" }""")]
    [InlineData("""`"answer": C`, whatever B says""")]
    [InlineData("""{"answer": "A"}, no: {"answer": "C"}""")]
    [InlineData(@"\boxed{C}")]
    [InlineData(@"\boxed{\text{(C)}}")]
    [InlineData("The answer is (C), since B is not.")]
    [InlineData("答案是 C。")]
    [InlineData("C")]
    [InlineData("It's C.")]
    public async Task TheLetterThatTheReplySettlesOn(string reply) =>
        Assert.True(await new ChoiceScorer('C', 4).IsRightAsync(reply, TestContext.Current.CancellationToken));

    [Theory]
    [InlineData("")]
    [InlineData("Cats")]
    [InlineData("""C? "answer": "B".""")]
    [InlineData("C, or D")]
    public async Task AnythingElseIsWrong(string reply) =>
        Assert.False(await new ChoiceScorer('C', 4).IsRightAsync(reply, TestContext.Current.CancellationToken));

    [Fact]
    public async Task ALetterThatIsNoChoiceIsPassedOver() =>
        Assert.True(await new ChoiceScorer('C', 4).IsRightAsync("C, as E has shown", TestContext.Current.CancellationToken));
}
