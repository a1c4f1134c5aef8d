using Qwen3.Cluster.Trainer.Data;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>What a model learns, phase after phase.</summary>
/// <param name="Name">Part of what saved files have to agree on; change it with the phases.</param>
/// <param name="Phases">In their order; at least one.</param>
/// <param name="Vocabulary">What the tokenizer is made from: text of every kind.</param>
internal sealed record Curriculum(string Name, IReadOnlyList<TrainingPhase> Phases, ISampleSource Vocabulary)
{
    /// <summary>That of the model that comes along: three phases of pre-training and three after it, as in Qwen3's report (arXiv 2505.09388).</summary>
    public static Curriculum Embedded { get; } = new("exercises 3", EmbeddedPhases.All, EmbeddedPhases.Vocabulary);
}
