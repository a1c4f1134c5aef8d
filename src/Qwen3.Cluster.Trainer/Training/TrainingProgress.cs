namespace Qwen3.Cluster.Trainer.Training;

/// <summary>How a run is getting on, after a step.</summary>
/// <param name="StepsDone">Of all, those before a resumption among them.</param>
/// <param name="Steps">In all.</param>
/// <param name="Tokens">Done so far.</param>
/// <param name="Loss">Mean −log p of a token to be learned, in this step.</param>
/// <param name="Balance">1: all experts are used evenly; the number of experts divided by the choices of a token: always the same ones.</param>
/// <param name="LearningRate">Of this step.</param>
/// <param name="TokensPerSecond">Since this process began to train.</param>
/// <param name="Remaining">At that speed.</param>
internal sealed record TrainingProgress(
    long StepsDone, long Steps, long Tokens, double Loss, double Balance, double LearningRate, double TokensPerSecond, TimeSpan Remaining);
