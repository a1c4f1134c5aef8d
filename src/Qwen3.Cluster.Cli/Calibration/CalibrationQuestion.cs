namespace Qwen3.Cluster.Cli.Calibration;

/// <summary>A question with a way to tell whether a reply answers it.</summary>
/// <param name="Prompt">What the model is asked.</param>
/// <param name="IsRight">Whether a reply, without its thinking, is right.</param>
public sealed record CalibrationQuestion(string Prompt, Func<string, CancellationToken, ValueTask<bool>> IsRight);
