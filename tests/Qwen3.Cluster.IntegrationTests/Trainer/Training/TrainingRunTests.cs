using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Trainer;
using Qwen3.Cluster.Trainer.Data.Arithmetic;
using Qwen3.Cluster.Trainer.Evaluation;
using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Training;

public class TrainingRunTests
{
    private static readonly TimeSpan Never = TimeSpan.FromDays(1);

    [Fact]
    public void AFewStepsLowerTheLoss()
    {
        List<TrainingProgress> steps = [];
        using TrainingRun run = SmallTraining.Begin(SmallTraining.Plan(40), SmallTraining.MakeDirectory());
        run.Run(Never, steps.Add, TestContext.Current.CancellationToken);

        Assert.Equal(40, steps.Count);
        Assert.InRange(steps[0].Loss, Math.Log(1024) - 1, Math.Log(1024) + 1);
        Assert.InRange(steps.TakeLast(5).Average(step => step.Loss), 0, 4);
        Assert.All(steps, step => Assert.InRange(step.Balance, 0.9, 8.0 / 3));
    }

    [Fact]
    public void AStoppedRunGoesOnToTheSameBits()
    {
        string whole = SmallTraining.MakeDirectory(), stopped = SmallTraining.MakeDirectory();
        TrainingPlan plan = SmallTraining.Plan(8);
        using (TrainingRun run = SmallTraining.Begin(plan, whole))
        {
            run.Run(Never, _ => { }, TestContext.Current.CancellationToken);
        }

        using (TrainingRun run = SmallTraining.Begin(plan, stopped))
        {
            using CancellationTokenSource stop = new();
            Assert.Throws<OperationCanceledException>(() => run.Run(
                Never,
                progress =>
                {
                    if (progress.StepsDone == 3)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token));
            Assert.Equal(3, run.StepsDone);
        }

        Assert.True(File.Exists(Path.Combine(stopped, TrainingRun.StateFile)));
        using (TrainingRun run = TrainingRun.Resume(plan, stopped, TimeProvider.System))
        {
            Assert.Equal(3, run.StepsDone);
            run.Run(Never, _ => { }, TestContext.Current.CancellationToken);
        }

        // loss.csv is a mean over the steps since the line before, which a stop cuts in two; all else is equal.
        foreach (string file in (string[])["model.safetensors", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
        {
            Assert.True(File.ReadAllBytes(Path.Combine(whole, file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(stopped, file))), file);
        }

        Assert.False(File.Exists(Path.Combine(stopped, TrainingRun.StateFile)));
    }

    [Fact]
    public void RefusesToGoOnUnderAnotherPlan()
    {
        string directory = SmallTraining.MakeDirectory();
        using (TrainingRun run = SmallTraining.Begin(SmallTraining.Plan(4), directory))
        {
            Assert.Throws<OperationCanceledException>(() => run.Run(Never, _ => { }, new CancellationToken(canceled: true)));
        }

        TrainerException other = Assert.Throws<TrainerException>(() => TrainingRun.Resume(SmallTraining.Plan(4, seed: 2), directory, TimeProvider.System));
        Assert.Contains("seed 1", other.Message);
        Assert.Contains("seed 2", other.Message);
        TrainerException again = Assert.Throws<TrainerException>(() => SmallTraining.Begin(SmallTraining.Plan(4), directory));
        Assert.Contains("--resume", again.Message);
    }

    [Fact]
    public void RefusesToGoOnWhereNothingWasBegun()
    {
        TrainerException nothing = Assert.Throws<TrainerException>(
            () => TrainingRun.Resume(SmallTraining.Plan(4), SmallTraining.MakeDirectory(), TimeProvider.System));
        Assert.Contains(TrainingRun.StateFile, nothing.Message);
    }

    [Fact]
    public void TheExportedModelOpensAndSitsAnExam()
    {
        string directory = SmallTraining.MakeDirectory();
        using (TrainingRun run = SmallTraining.Begin(SmallTraining.Plan(2), directory))
        {
            run.Run(Never, _ => { }, TestContext.Current.CancellationToken);
        }

        CheckpointReport report = CheckpointReport.Of(directory);
        Assert.True(report.Opens);
        Assert.Equal(
            ["config.json", "generation_config.json", "loss.csv", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
            Directory.GetFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        using Exam exam = new(directory, threads: 1, TimeProvider.System);
        ExamResult result = exam.Run(new ArithmeticTask(heldOut: true), count: 3, seed: 1, thinks: true, TestContext.Current.CancellationToken);
        Assert.Equal(3, result.Asked);
        Assert.Equal(3, result.Wrong.Count);
    }
}
