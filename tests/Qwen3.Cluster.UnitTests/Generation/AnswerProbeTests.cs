using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class AnswerProbeTests
{
    [Fact]
    public void The_confidence_is_the_product_of_the_likeliest_tokens_probabilities()
    {
        AnswerProbe probe = Probe(threshold: 0.4, tokens: 3);
        Assert.Equal((1, true, false), (probe.Confidence, probe.IsSure, probe.IsDecided));

        probe.Add(Math.Log(0.5));
        Assert.Equal(0.5, probe.Confidence, 12);
        Assert.Equal((true, false), (probe.IsSure, probe.IsDecided));
        probe.Add(Math.Log(0.9));
        Assert.Equal(0.45, probe.Confidence, 12);
        Assert.Equal((true, false), (probe.IsSure, probe.IsDecided));
        probe.Add(0);
        Assert.Equal((true, true, 3), (probe.IsSure, probe.IsDecided, probe.TokenCount));
    }

    [Fact]
    public void What_is_not_sure_is_decided_at_once()
    {
        AnswerProbe probe = Probe(threshold: 0.4, tokens: 3);
        probe.Add(Math.Log(0.3));
        Assert.Equal((false, true), (probe.IsSure, probe.IsDecided));
    }

    [Theory]
    [InlineData(0, -1000, true)]
    [InlineData(1, 0, true)]
    [InlineData(1.01, 0, false)]
    public void A_threshold_of_0_keeps_every_answer_and_one_above_1_none(double threshold, double logprob, bool isSure)
    {
        AnswerProbe probe = Probe(threshold, tokens: 3);
        probe.Add(logprob);
        Assert.Equal(isSure, probe.IsSure);
    }

    private static AnswerProbe Probe(double threshold, int tokens) => new(new AutoCalibration { Threshold = threshold, ProbeTokens = tokens });
}
