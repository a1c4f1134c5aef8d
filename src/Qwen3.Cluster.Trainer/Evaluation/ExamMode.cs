namespace Qwen3.Cluster.Trainer.Evaluation;

/// <summary>How questions are asked.</summary>
/// <param name="Name">For tables.</param>
/// <param name="Thinks">Whether the model thinks before it answers.</param>
/// <param name="MaxSteps">Paragraphs of thinking at most; null: as many as it likes.</param>
internal sealed record ExamMode(string Name, bool Thinks, int? MaxSteps)
{
    /// <summary>Directly; by thinking under growing budgets; by thinking.</summary>
    public static IReadOnlyList<ExamMode> All { get; } =
    [
        new("FAST", Thinks: false, MaxSteps: null),
        .. new[] { 1, 2, 4, 8, 16, 32 }.Select(steps => new ExamMode($"≤{steps}", Thinks: true, steps)),
        new("DEEP", Thinks: true, MaxSteps: null),
    ];
}
