using System.Globalization;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>All that decides what a phase gives: the same plan on the same machine with the same number of threads gives the same bits.</summary>
internal sealed record TrainingPlan
{
    /// <summary>Of the data and of the first weights.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How long every phase takes beside what the curriculum says; 1: just so.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>The model; the phases say its window.</summary>
    public ModelShape Shape { get; init; } = ModelShape.Embedded;

    /// <summary>The phases.</summary>
    public Curriculum Curriculum { get; init; } = Curriculum.Embedded;

    /// <summary>Steps of a phase.</summary>
    /// <param name="phase">Its number, from 0.</param>
    public long StepsOf(int phase)
    {
        TrainingPhase described = Curriculum.Phases[phase];
        return Math.Max(1, (long)Math.Ceiling(described.Tokens * Scale / described.StepTokens));
    }

    /// <summary>The model as a phase trains it.</summary>
    /// <param name="phase">Its number, from 0.</param>
    public ModelShape ShapeOf(int phase) => Shape with
    {
        RopeBase = Curriculum.Phases[phase].RopeBase,
        MaxPositions = Curriculum.Phases[phase].MaxPositions,
    };

    /// <summary>A phase of the plan in one line: saved files are used only under the plan that they were made with.</summary>
    /// <param name="phase">Its number, from 0.</param>
    public string Describe(int phase)
    {
        TrainingPhase described = Curriculum.Phases[phase];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"seed {Seed}, curriculum '{Curriculum.Name}', phase '{described.Name}', {StepsOf(phase)} steps of {described.RowCount} rows of {described.RowLength}, {ShapeOf(phase)}");
    }
}
