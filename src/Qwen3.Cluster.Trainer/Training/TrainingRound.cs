namespace Qwen3.Cluster.Trainer.Training;

/// <summary>
/// A part of a run in which the learning rate rises once and falls once. Another round after it warms the weights up again: what was learned badly
/// comes loose and settles anew (Loshchilov and Hutter, arXiv 1608.03983).
/// </summary>
/// <param name="Weight">How much of the run it takes, beside the weights of the other rounds.</param>
/// <param name="PeakLearningRate">At the end of the warm-up.</param>
/// <param name="Phases">Its data, in their order; at least one.</param>
internal sealed record TrainingRound(double Weight, double PeakLearningRate, IReadOnlyList<TrainingPhase> Phases)
{
    private const double FinalPart = 0.01;
    private const long WarmUpSteps = 300;

    /// <summary>The learning rate: a straight rise over 300 steps or a tenth of all, then half a cosine down to a hundredth of the peak.</summary>
    /// <param name="step">Of the round, from 0.</param>
    /// <param name="steps">Of the whole round.</param>
    public double LearningRateAt(long step, long steps)
    {
        long warmUp = Math.Min(WarmUpSteps, steps / 10);
        if (step < warmUp)
        {
            return PeakLearningRate * (step + 1) / warmUp;
        }

        double progress = (double)(step - warmUp) / Math.Max(1, steps - warmUp);
        return PeakLearningRate * (FinalPart + ((1 - FinalPart) * 0.5 * (1 + Math.Cos(Math.PI * progress))));
    }

    /// <summary>The phase that a step belongs to.</summary>
    /// <param name="step">Of the round, from 0.</param>
    /// <param name="steps">Of the whole round.</param>
    public TrainingPhase PhaseAt(long step, long steps)
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
