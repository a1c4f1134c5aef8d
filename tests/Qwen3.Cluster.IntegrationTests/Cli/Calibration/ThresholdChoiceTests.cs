using Qwen3.Cluster.Cli.Calibration;

namespace Qwen3.Cluster.IntegrationTests.Cli.Calibration;

public class ThresholdChoiceTests
{
    // Confidence, tokens and whether it is right, at once; thinking takes 100 tokens.
    private static readonly CalibrationAnswer[] Answers =
    [
        Answer([0.99, 0.99], directIsRight: true, thinkingIsRight: true), // 0.98
        Answer([0.9, 1.0], directIsRight: true, thinkingIsRight: true), // 0.9
        Answer([0.8, 0.5], directIsRight: false, thinkingIsRight: true), // 0.4
        Answer([0.2, 1.0], directIsRight: false, thinkingIsRight: false), // 0.2
    ];

    [Theory]
    [InlineData(0, 0.5, 10, 0)]
    [InlineData(0.3, 0.5, (10 + 10 + 10 + 101) / 4.0, 0.25)]
    [InlineData(0.6, 0.75, (10 + 10 + 102 + 101) / 4.0, 0.5)]
    [InlineData(0.95, 0.75, (10 + 101 + 101 + 101) / 4.0, 0.75)]
    [InlineData(1.01, 0.75, 100, 1)]
    public void A_threshold_comes_to_what_auto_would_do(double threshold, double accuracy, double tokens, double share) =>
        Assert.Equal(new CalibrationRow(threshold, accuracy, tokens, share), new ThresholdChoice(Answers, probeTokens: 24).Play(threshold));

    [Fact]
    public void Only_the_first_tokens_count()
    {
        CalibrationRow row = new ThresholdChoice(Answers, probeTokens: 1).Play(0.6);
        Assert.Equal(0.25, row.ThinkingShare);
    }

    [Fact]
    public void Every_gap_between_two_confidences_has_a_threshold()
    {
        double[] thresholds = [.. new ThresholdChoice([.. Answers, Answers[1]], probeTokens: 24).All().Select(row => row.Threshold)];
        Assert.Equal(5, thresholds.Length);
        Assert.Equal([0, 0.3, 0.65, 0.94005, 1.01], thresholds, (one, other) => Math.Abs(one - other) < 1e-6);
    }

    [Theory]
    [InlineData(0, 0.65)]
    [InlineData(0.24, 0.65)]
    [InlineData(0.25, 0)]
    public void The_cheapest_within_the_loss_is_chosen(double loss, double threshold)
    {
        var choice = new ThresholdChoice(Answers, probeTokens: 24);
        Assert.Equal(threshold, choice.Choose(choice.All(), loss).Threshold, 6);
    }

    [Fact]
    public void Where_no_direct_answer_will_do_everything_is_thought_through()
    {
        var choice = new ThresholdChoice([Answer([1, 1], directIsRight: false, thinkingIsRight: true)], probeTokens: 24);
        Assert.Equal(ThresholdChoice.Never, choice.Choose(choice.All(), 0.01).Threshold);
    }

    [Fact]
    public void The_table_steps_by_tenths_of_what_is_thought_through()
    {
        CalibrationAnswer[] answers = [.. Enumerable.Range(1, 100).Select(i => Answer([i / 101.0], directIsRight: true, thinkingIsRight: true))];
        IReadOnlyList<CalibrationRow> rows = ThresholdChoice.Tenths(new ThresholdChoice(answers, probeTokens: 24).All());
        Assert.Equal([.. Enumerable.Range(0, 11).Select(tenth => tenth / 10.0)], rows.Select(row => row.ThinkingShare));
    }

    private static CalibrationAnswer Answer(double[] probabilities, bool directIsRight, bool thinkingIsRight) =>
        new([.. probabilities.Select(probability => (float)Math.Log(probability))], directIsRight, 10, thinkingIsRight, 100);
}
