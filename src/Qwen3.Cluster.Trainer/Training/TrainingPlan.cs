using System.Globalization;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>All that decides what a run gives: the same plan on the same machine with the same number of threads gives the same bits.</summary>
internal sealed record TrainingPlan
{
    /// <summary>Of the data and of the first weights.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How long to train; rounded up to whole steps.</summary>
    public required long Tokens { get; init; }

    /// <summary>The model.</summary>
    public ModelShape Shape { get; init; } = ModelShape.Embedded;

    /// <summary>The data.</summary>
    public Curriculum Curriculum { get; init; } = Curriculum.Embedded;

    /// <summary>Rows of a step.</summary>
    public int RowCount { get; init; } = 4;

    /// <summary>Tokens of a row.</summary>
    public int RowLength { get; init; } = 256;

    /// <summary>Steps in all.</summary>
    public long Steps => (Tokens + StepTokens - 1) / StepTokens;

    /// <summary>Tokens of a step.</summary>
    public int StepTokens => RowCount * RowLength;

    /// <summary>The plan in one line: a saved run goes on only under the plan that it was begun with.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Seed}, {Tokens} tokens, curriculum '{Curriculum.Name}', {RowCount} rows of {RowLength}, {Shape}");
}
