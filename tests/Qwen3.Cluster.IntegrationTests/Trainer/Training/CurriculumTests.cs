using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Training;

public class CurriculumTests
{
    [Fact]
    public void InAPhaseTheLearningRateRisesAndFalls()
    {
        TrainingPhase phase = Curriculum.Embedded.Phases[0] with { PeakLearningRate = 2, FinalLearningRate = 0.5 };
        Assert.Equal(2.0 / 200, phase.LearningRateAt(0, steps: 4200), 1e-12);
        Assert.Equal(2, phase.LearningRateAt(199, steps: 4200), 1e-12);
        Assert.Equal(2, phase.LearningRateAt(200, steps: 4200), 1e-12);
        Assert.Equal(1.25, phase.LearningRateAt(2200, steps: 4200), 1e-12);
        Assert.Equal(0.5, phase.LearningRateAt(4199, steps: 4200), 1e-5);
        Assert.Equal(2, phase.LearningRateAt(9, steps: 100), 1e-12);
    }

    [Fact]
    public void ThePhasesAreThoseOfTheReport()
    {
        IReadOnlyList<TrainingPhase> phases = Curriculum.Embedded.Phases;
        Assert.Equal(["pretrain", "reasoning", "long-context", "thinking", "fusion", "general"], phases.Select(phase => phase.Name));
        Assert.All(phases.Take(2), phase => Assert.Equal(10_000, phase.RopeBase));
        Assert.All(phases.Skip(2), phase => Assert.Equal(1_000_000, phase.RopeBase));
        Assert.All(phases.Skip(2), phase => Assert.True(phase.MaxPositions >= 4 * phases[0].MaxPositions));
        Assert.Single(phases.Select(phase => phase.StepTokens).Distinct());
    }

    [Fact]
    public void TheScaleShortensEveryPhase()
    {
        TrainingPlan whole = new() { Seed = 1 }, tenth = whole with { Scale = 0.1 };
        for (int phase = 0; phase < whole.Curriculum.Phases.Count; phase++)
        {
            Assert.InRange(tenth.StepsOf(phase), (whole.StepsOf(phase) / 10) - 1, (whole.StepsOf(phase) / 10) + 1);
            Assert.NotEqual(whole.Describe(phase), tenth.Describe(phase));
        }
    }
}
