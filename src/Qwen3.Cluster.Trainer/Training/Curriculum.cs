using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Arithmetic;
using Qwen3.Cluster.Trainer.Data.SmallTalk;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>What a model learns, round after round.</summary>
/// <param name="Name">Part of what a saved run has to agree on; change it with the rounds.</param>
/// <param name="Rounds">In their order; at least one.</param>
internal sealed record Curriculum(string Name, IReadOnlyList<TrainingRound> Rounds)
{
    private static readonly (ITask, double)[] EmbeddedTasks =
        [(new ArithmeticTask(heldOut: false), 0.92), (new SmallTalkTask(), 0.03), (new OtherRequestsTask(), 0.05)];

    /// <summary>
    /// The model that comes along: arithmetic, and as much talk as it takes to say so. Thinking is soon learned, each of its steps being easy; to see
    /// a result at a glance takes ten times as many examples, which are bare equations for the most part.
    /// </summary>
    public static Curriculum Embedded { get; } = new(
        "arithmetic 5",
        [
            new TrainingRound(Weight: 8, PeakLearningRate: 3e-3,
            [
                new TrainingPhase("both modes", Share: 0.41, LearnsEarlierAnswers: false, Mixture: new Mixture(
                    EmbeddedTasks,
                    [(ReplyForm.Direct, 0.48), (ReplyForm.DirectBySuffix, 0.10), (ReplyForm.Thinking, 0.37), (ReplyForm.ThinkingCut, 0.05)])),
                new TrainingPhase("mostly direct", Share: 0.125, LearnsEarlierAnswers: true, Mixture: new Mixture(
                    EmbeddedTasks,
                    [(ReplyForm.Direct, 0.76), (ReplyForm.DirectBySuffix, 0.08), (ReplyForm.Thinking, 0.12), (ReplyForm.ThinkingCut, 0.04)])),
                new TrainingPhase("equations", Share: 0.285, LearnsEarlierAnswers: true, Mixture: new Mixture(
                    EmbeddedTasks,
                    [(ReplyForm.Direct, 0.40), (ReplyForm.DirectBySuffix, 0.06), (ReplyForm.Thinking, 0.48), (ReplyForm.ThinkingCut, 0.06)],
                    drill: (new EquationTask(), 0.94))),
                new TrainingPhase("both modes again", Share: 0.18, LearnsEarlierAnswers: true, Mixture: new Mixture(
                    EmbeddedTasks,
                    [(ReplyForm.Direct, 0.55), (ReplyForm.DirectBySuffix, 0.10), (ReplyForm.Thinking, 0.29), (ReplyForm.ThinkingCut, 0.06)],
                    drill: (new EquationTask(), 0.60))),
            ]),
            new TrainingRound(Weight: 5, PeakLearningRate: 1.5e-3,
            [
                new TrainingPhase("equations", Share: 0.45, LearnsEarlierAnswers: true, Mixture: new Mixture(
                    EmbeddedTasks,
                    [(ReplyForm.Direct, 0.40), (ReplyForm.DirectBySuffix, 0.06), (ReplyForm.Thinking, 0.47), (ReplyForm.ThinkingCut, 0.07)],
                    drill: (new EquationTask(), 0.90))),
                new TrainingPhase("both modes", Share: 0.55, LearnsEarlierAnswers: true, Mixture: new Mixture(
                    EmbeddedTasks,
                    [(ReplyForm.Direct, 0.45), (ReplyForm.DirectBySuffix, 0.10), (ReplyForm.Thinking, 0.38), (ReplyForm.ThinkingCut, 0.07)],
                    drill: (new EquationTask(), 0.60))),
            ]),
            new TrainingRound(Weight: 9, PeakLearningRate: 1e-3,
            [
                new TrainingPhase("equations", Share: 0.5, LearnsEarlierAnswers: true, Mixture: new Mixture(
                    EmbeddedTasks,
                    [(ReplyForm.Direct, 0.50), (ReplyForm.DirectBySuffix, 0.10), (ReplyForm.Thinking, 0.33), (ReplyForm.ThinkingCut, 0.07)],
                    drill: (new EquationTask(), 0.94))),
                new TrainingPhase("both modes", Share: 0.5, LearnsEarlierAnswers: true, Mixture: new Mixture(
                    EmbeddedTasks,
                    [(ReplyForm.Direct, 0.50), (ReplyForm.DirectBySuffix, 0.10), (ReplyForm.Thinking, 0.33), (ReplyForm.ThinkingCut, 0.07)],
                    drill: (new EquationTask(), 0.70))),
            ]),
        ]);

    /// <summary>What the tokenizer is made from: the first phase, which has text of every kind.</summary>
    public Mixture Vocabulary => Rounds[0].Phases[0].Mixture;

    /// <summary>The round that a step belongs to, and where in it.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Of the whole run.</param>
    /// <returns>The round, the step's number in it, and the number of its steps.</returns>
    public (TrainingRound Round, long Step, long Steps) RoundAt(long step, long steps)
    {
        double weights = Rounds.Sum(round => round.Weight), passed = 0;
        long start = 0;
        foreach (TrainingRound round in Rounds)
        {
            passed += round.Weight;
            long end = (long)Math.Round(steps * passed / weights);
            if (step < end)
            {
                return (round, step - start, end - start);
            }

            start = end;
        }

        throw new ArgumentOutOfRangeException(nameof(step), step, $"The run has {steps} steps.");
    }
}
