using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Arithmetic;
using Qwen3.Cluster.Trainer.Data.SmallTalk;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>What a model learns, phase after phase.</summary>
/// <param name="Name">Part of what a saved run has to agree on; change it with the phases.</param>
/// <param name="Phases">In their order; at least one.</param>
internal sealed record Curriculum(string Name, IReadOnlyList<TrainingPhase> Phases)
{
    /// <summary>The model that comes along: arithmetic, and as much talk as it takes to say so.</summary>
    public static Curriculum Embedded { get; } = new(
        "arithmetic 1",
        [
            new TrainingPhase(
                "arithmetic",
                Share: 1,
                new Mixture(
                    [(new ArithmeticTask(heldOut: false), 0.92), (new SmallTalkTask(), 0.03), (new OtherRequestsTask(), 0.05)],
                    [(ReplyForm.Direct, 0.48), (ReplyForm.DirectBySuffix, 0.10), (ReplyForm.Thinking, 0.37), (ReplyForm.ThinkingCut, 0.05)])),
        ]);

    /// <summary>The phase that a step belongs to.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Of the whole run.</param>
    public TrainingPhase PhaseOf(long step, long steps)
    {
        double end = 0;
        foreach (TrainingPhase phase in Phases)
        {
            end += phase.Share;
            if (step < end * steps)
            {
                return phase;
            }
        }

        return Phases[^1];
    }
}
