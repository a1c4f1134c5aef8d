namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>All kinds of problems.</summary>
internal static class ProblemKinds
{
    /// <summary>In the order of tables.</summary>
    public static IReadOnlyList<IProblemKind> All { get; } =
    [
        new SumKind(), new DifferenceKind(), new ProductKind(), new RemainderKind(), new ComparisonKind(), new SortingKind(), new ReversalKind(),
        new LetterCountKind(), new ConversionKind(), new WordProblemKind(),
    ];
}
