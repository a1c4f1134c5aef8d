using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Training;

public class TrainingPlanTests
{
    [Fact]
    public void TheLearningRateRisesAndFalls()
    {
        TrainingPlan plan = new() { Seed = 1, Tokens = 1_024_000, PeakLearningRate = 1, FinalLearningRate = 0.1, WarmUpSteps = 50 };
        Assert.Equal(1000, plan.Steps);
        Assert.Equal(0.02, plan.LearningRateAt(0), 1e-12);
        Assert.Equal(1, plan.LearningRateAt(49), 1e-12);
        Assert.Equal(1, plan.LearningRateAt(50), 1e-12);
        Assert.Equal(0.55, plan.LearningRateAt(525), 1e-3);
        Assert.Equal(0.1, plan.LearningRateAt(999), 1e-4);
    }

    [Fact]
    public void PhasesFollowEachOtherByTheirShares()
    {
        TrainingPhase Phase(string name, double share) => new(name, share, Curriculum.Embedded.Phases[0].Mixture, LearnsEarlierAnswers: false);
        Curriculum curriculum = new("test", [Phase("first", 0.25), Phase("second", 0.75)]);
        Assert.Equal(
            ["first", "first", "second", "second"],
            new long[] { 0, 24, 25, 99 }.Select(step => curriculum.PhaseOf(step, steps: 100).Name));
    }
}
