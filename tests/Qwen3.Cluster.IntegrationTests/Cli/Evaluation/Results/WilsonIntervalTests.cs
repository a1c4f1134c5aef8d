using Qwen3.Cluster.Cli.Evaluation.Results;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Results;

public class WilsonIntervalTests
{
    // From the formula, by hand; 81 of 263 is the example of the literature (0.2553 to 0.3662).
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(0, 10, 0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1)]
    [InlineData(1, 2, 0.0945, 0.9055)]
    public void IsWhatTheFormulaGives(int right, int count, double low, double high)
    {
        WilsonInterval interval = WilsonInterval.Of((double)right / count, count);
        Assert.Equal(low, interval.Low, 4);
        Assert.Equal(high, interval.High, 4);
    }

    [Fact]
    public void NothingTriedSaysNothing() => Assert.Equal(new WilsonInterval(0, 1), WilsonInterval.Of(0, 0));
}
