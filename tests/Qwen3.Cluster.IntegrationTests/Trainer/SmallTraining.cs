using Qwen3.Cluster.Torch.Loading;
using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer;

/// <summary>Training runs of a few steps, in temporary directories that go with the process.</summary>
internal static class SmallTraining
{
    /// <summary>Two layers of 8 experts, 3 of them for a token; the tokenizer is that of the real model.</summary>
    public static ModelShape Shape { get; } = new()
    {
        HiddenSize = 32,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 2,
        HeadDim = 16,
        Experts = 8,
        ExpertsPerToken = 3,
        ExpertWidth = 16,
        MaxPositions = 512,
    };

    /// <summary>A plan of so many steps of 192 tokens.</summary>
    public static TrainingPlan Plan(int steps, ulong seed = 1) => new()
    {
        Seed = seed,
        Tokens = steps * 192,
        Shape = Shape,
        RowCount = 2,
        RowLength = 96,
        Curriculum = Curriculum.Embedded with { Rounds = [Curriculum.Embedded.Rounds[0] with { PeakLearningRate = 1e-2 }] },
    };

    /// <summary>A new directory.</summary>
    public static string MakeDirectory()
    {
        string directory = Directory.CreateTempSubdirectory("qwen3-training-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        return directory;
    }

    /// <summary>Begins a run.</summary>
    public static TrainingRun Begin(TrainingPlan plan, string directory)
    {
        NativeTorch.Load();
        return TrainingRun.Begin(plan, directory, TimeProvider.System);
    }
}
