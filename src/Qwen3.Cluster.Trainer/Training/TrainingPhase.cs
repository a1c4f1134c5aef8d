using Qwen3.Cluster.Trainer.Data;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>One of the phases that follow each other: what is trained on, for how long, and with which window.</summary>
internal sealed record TrainingPhase
{
    private const long WarmUpSteps = 200;

    /// <summary>On the command line, and of its files.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, in a sentence for the help.</summary>
    public required string Description { get; init; }

    /// <summary>How long it takes, in tokens.</summary>
    public required long Tokens { get; init; }

    /// <summary>At the end of the warm-up.</summary>
    public required double PeakLearningRate { get; init; }

    /// <summary>At the end.</summary>
    public required double FinalLearningRate { get; init; }

    /// <summary>Where the samples come from.</summary>
    public required ISampleSource Source { get; init; }

    /// <summary>B, rows of a step.</summary>
    public required int RowCount { get; init; }

    /// <summary>T, the window: tokens of a row.</summary>
    public required int RowLength { get; init; }

    /// <summary>θ of the rotary embedding. A larger one turns slower, so that far tokens stay apart (ABF: Xiong et al., arXiv 2309.16039).</summary>
    public required double RopeBase { get; init; }

    /// <summary>The context length that the config of the phase's model names.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>B · T.</summary>
    public int StepTokens => RowCount * RowLength;

    /// <summary>The learning rate: a straight rise over 200 steps or a tenth of all, then half a cosine down to the last one.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Of the whole phase.</param>
    public double LearningRateAt(long step, long steps)
    {
        long warmUp = Math.Min(WarmUpSteps, steps / 10);
        if (step < warmUp)
        {
            return PeakLearningRate * (step + 1) / warmUp;
        }

        double progress = (double)(step - warmUp) / Math.Max(1, steps - warmUp);
        return FinalLearningRate + ((PeakLearningRate - FinalLearningRate) * 0.5 * (1 + Math.Cos(Math.PI * progress)));
    }
}
