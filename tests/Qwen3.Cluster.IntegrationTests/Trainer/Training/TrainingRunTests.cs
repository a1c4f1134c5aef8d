using System.Text.Json;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Trainer;
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
        using TrainingRun run = SmallTraining.Open(SmallTraining.Plan(40), SmallTraining.MakeDirectory());
        run.Run(Never, steps.Add, TestContext.Current.CancellationToken);

        Assert.Equal(40, steps.Count);
        Assert.InRange(steps[0].Loss, Math.Log(1024) - 1, Math.Log(1024) + 1);
        Assert.InRange(steps.TakeLast(5).Average(step => step.Loss), 0, 5);
        Assert.All(steps, step => Assert.InRange(step.Balance, 0.9, 8.0 / 3));
    }

    [Fact]
    public void AStoppedPhaseGoesOnToTheSameBits()
    {
        string whole = SmallTraining.MakeDirectory(), stopped = SmallTraining.MakeDirectory();
        TrainingPlan plan = SmallTraining.Plan(8);
        Train(plan, whole, 0);
        Train(plan, whole, 1);
        Train(plan, stopped, 0);
        using (TrainingRun run = SmallTraining.Open(plan, stopped, 1))
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

        Assert.False(TrainingRun.IsDone(plan, 1, stopped));
        using (TrainingRun run = SmallTraining.Open(plan, stopped, 1))
        {
            Assert.Equal(3, run.StepsDone);
            run.Run(Never, _ => { }, TestContext.Current.CancellationToken);
        }

        // The log is a mean over the steps since the line before, which a stop cuts in two; all else is equal.
        string[] files = ["model.safetensors", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "second.weights.safetensors"];
        Assert.All(files, file => Assert.True(
            File.ReadAllBytes(Path.Combine(whole, file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(stopped, file))), file));
        Assert.True(TrainingRun.IsDone(plan, 1, stopped));
        Assert.False(File.Exists(new PhaseFiles(stopped, "second").State));
    }

    [Fact]
    public void APhaseBeginsWithTheWeightsOfTheOneBefore()
    {
        string directory = SmallTraining.MakeDirectory();
        List<double> first = [], second = [];
        TrainingPlan plan = SmallTraining.Plan(40);
        using (TrainingRun run = SmallTraining.Open(plan, directory))
        {
            run.Run(Never, progress => first.Add(progress.Loss), TestContext.Current.CancellationToken);
        }

        using (TrainingRun run = SmallTraining.Open(plan, directory, phase: 1))
        {
            run.Run(Never, progress => second.Add(progress.Loss), TestContext.Current.CancellationToken);
        }

        Assert.InRange(second[0], 0, first[0] - 1);
    }

    [Fact]
    public void TheRaisedRopeBaseIsInTheConfig()
    {
        string directory = SmallTraining.MakeDirectory();
        Train(SmallTraining.Plan(2), directory, 0);
        Assert.Equal((10_000, 512), Window(directory));
        Train(SmallTraining.Plan(2), directory, 1);
        Assert.Equal((1_000_000, 2048), Window(directory));
    }

    [Fact]
    public void RefusesToGoOnUnderAnotherPlan()
    {
        string directory = SmallTraining.MakeDirectory();
        using (TrainingRun run = SmallTraining.Open(SmallTraining.Plan(4), directory))
        {
            Assert.Throws<OperationCanceledException>(() => run.Run(Never, _ => { }, new CancellationToken(canceled: true)));
        }

        TrainerException other = Assert.Throws<TrainerException>(() => SmallTraining.Open(SmallTraining.Plan(4, seed: 2), directory));
        Assert.Contains("seed 1", other.Message);
        Assert.Contains("seed 2", other.Message);

        Train(SmallTraining.Plan(4), directory, 0);
        TrainerException next = Assert.Throws<TrainerException>(() => SmallTraining.Open(SmallTraining.Plan(4, seed: 2), directory, phase: 1));
        Assert.Contains("seed 1", next.Message);
    }

    [Fact]
    public void RefusesAPhaseWithoutTheOneBefore()
    {
        TrainerException early = Assert.Throws<TrainerException>(() => SmallTraining.Open(SmallTraining.Plan(4), SmallTraining.MakeDirectory(), phase: 1));
        Assert.Contains("'first'", early.Message);
    }

    [Fact]
    public void RefusesToWriteOverAnotherModel()
    {
        string directory = SmallTraining.MakeDirectory();
        File.WriteAllText(Path.Combine(directory, "model.safetensors"), "");
        TrainerException foreign = Assert.Throws<TrainerException>(() => SmallTraining.Open(SmallTraining.Plan(4), directory));
        Assert.Contains("--out", foreign.Message);
    }

    [Fact]
    public void TheExportedModelOpensAndSitsAnExam()
    {
        string directory = SmallTraining.MakeDirectory();
        Train(SmallTraining.Plan(2), directory, 0);
        LossChart.Write(SmallTraining.Plan(2).Curriculum, directory);

        CheckpointReport report = CheckpointReport.Of(directory);
        Assert.True(report.Opens);
        Assert.Equal(
            [
                "config.json", "first.loss.csv", "first.weights.safetensors", "generation_config.json", "loss.svg", "model.safetensors", "tokenizer.json",
                "tokenizer_config.json",
            ],
            Directory.GetFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.StartsWith("<?xml", File.ReadAllText(Path.Combine(directory, "loss.svg")));

        using Exam exam = new(directory, threads: 1, TimeProvider.System);
        ExamQuestion[] questions = [.. QuestionSet.Draw(seed: 1, count: 1).Take(3)];
        IReadOnlyList<ExamReply> replies = exam.Run(questions, new ExamMode("≤1", Thinks: true, MaxSteps: 1), TestContext.Current.CancellationToken);
        Assert.Equal(questions, replies.Select(reply => reply.Question));
        Assert.All(replies, reply => Assert.False(reply.IsRight));
        Assert.All(replies, reply => Assert.InRange(reply.Sureness, 0, 1));
    }

    private static void Train(TrainingPlan plan, string directory, int phase)
    {
        using TrainingRun run = SmallTraining.Open(plan, directory, phase);
        run.Run(Never, _ => { }, TestContext.Current.CancellationToken);
    }

    private static (double RopeBase, int MaxPositions) Window(string directory)
    {
        JsonElement config = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "config.json"))).RootElement;
        return (config.GetProperty("rope_theta").GetDouble(), config.GetProperty("max_position_embeddings").GetInt32());
    }
}
