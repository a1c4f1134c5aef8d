using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Training;

public class CurriculumTests
{
    [Fact]
    public void InARoundTheLearningRateRisesAndFalls()
    {
        TrainingRound round = Round(weight: 1, "only");
        Assert.Equal(2.0 / 300, round.LearningRateAt(0, steps: 4300), 1e-12);
        Assert.Equal(2, round.LearningRateAt(299, steps: 4300), 1e-12);
        Assert.Equal(2, round.LearningRateAt(300, steps: 4300), 1e-12);
        Assert.Equal(1.01, round.LearningRateAt(2300, steps: 4300), 1e-12);
        Assert.Equal(0.02, round.LearningRateAt(4299, steps: 4300), 1e-4);
        Assert.Equal(2, round.LearningRateAt(9, steps: 100), 1e-12);
    }

    [Fact]
    public void PhasesFollowEachOtherByTheirShares()
    {
        TrainingRound round = Round(weight: 1, "first", "second");
        Assert.Equal(
            ["first", "first", "second", "second"],
            new long[] { 0, 49, 50, 99 }.Select(step => round.PhaseAt(step, steps: 100).Name));
    }

    [Fact]
    public void RoundsFollowEachOtherByTheirWeights()
    {
        Curriculum curriculum = new("test", [Round(weight: 3, "first"), Round(weight: 1, "second")]);
        Assert.Equal(
            [("first", 0, 75), ("first", 74, 75), ("second", 0, 25), ("second", 24, 25)],
            new long[] { 0, 74, 75, 99 }.Select(step => curriculum.RoundAt(step, steps: 100)).Select(at => (at.Round.Phases[0].Name, at.Step, at.Steps)));
        Assert.Throws<ArgumentOutOfRangeException>(() => curriculum.RoundAt(100, steps: 100));
    }

    [Fact]
    public void TheRoundsOfTheEmbeddedModelAreFilled()
    {
        Assert.All(Curriculum.Embedded.Rounds, round => Assert.Equal(1, round.Phases.Sum(phase => phase.Share), 1e-9));
    }

    private static TrainingRound Round(double weight, params string[] phases) => new(
        weight,
        PeakLearningRate: 2,
        [.. phases.Select(name => new TrainingPhase(name, 1.0 / phases.Length, Curriculum.Embedded.Vocabulary, LearnsEarlierAnswers: false))]);
}
