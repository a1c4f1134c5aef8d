using Qwen3.Cluster.Torch.Loading;
using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer;

/// <summary>Training runs of a few steps, in temporary directories that go with the process.</summary>
internal static class SmallTraining
{
    /// <summary>Tokens of a step.</summary>
    public const int StepTokens = 192;

    /// <summary>Two layers of 8 experts, 3 of them for a token.</summary>
    public static ModelShape Shape { get; } = new()
    {
        Tokens = 1000,
        HiddenSize = 32,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 2,
        HeadDim = 16,
        Experts = 8,
        ExpertsPerToken = 3,
        ExpertWidth = 16,
    };

    /// <summary>A plan of two phases of so many steps of 192 tokens each; the second has a raised rope base and a longer window.</summary>
    public static TrainingPlan Plan(int steps, ulong seed = 1) => new()
    {
        Seed = seed,
        Shape = Shape,
        Curriculum = new Curriculum("test", [Phase("first", steps, 96, 10_000, 512), Phase("second", steps, 192, 1_000_000, 2048)], Curriculum.Embedded.Vocabulary),
    };

    /// <summary>A new directory.</summary>
    public static string MakeDirectory()
    {
        string directory = Directory.CreateTempSubdirectory("qwen3-training-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        return directory;
    }

    /// <summary>Begins a phase, or goes on with it.</summary>
    public static TrainingRun Open(TrainingPlan plan, string directory, int phase = 0)
    {
        NativeTorch.Load();
        return TrainingRun.Open(plan, phase, directory, TimeProvider.System);
    }

    private static TrainingPhase Phase(string name, int steps, int rowLength, double ropeBase, int maxPositions) =>
        Curriculum.Embedded.Phases[0] with
        {
            Name = name,
            Tokens = steps * StepTokens,
            PeakLearningRate = 1e-2,
            FinalLearningRate = 1e-4,
            RowCount = StepTokens / rowLength,
            RowLength = rowLength,
            RopeBase = ropeBase,
            MaxPositions = maxPositions,
        };
}
