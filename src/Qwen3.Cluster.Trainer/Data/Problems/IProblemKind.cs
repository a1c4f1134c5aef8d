namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>A kind of problem: a source of problems of some difficulties. It holds no state.</summary>
internal interface IProblemKind
{
    /// <summary>Of the task, as files and tables have it.</summary>
    string Name { get; }

    /// <summary>The difficulties that it has.</summary>
    IReadOnlyList<Difficulty> Difficulties { get; }

    /// <summary>Those of them that an exam asks.</summary>
    IReadOnlyList<Difficulty> Examined => Difficulties;

    /// <summary>Draws a problem on either side of the line between training and examination.</summary>
    Problem Draw(SeededRandom random, Difficulty difficulty);
}
