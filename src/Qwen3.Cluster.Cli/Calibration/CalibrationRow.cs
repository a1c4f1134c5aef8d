namespace Qwen3.Cluster.Cli.Calibration;

/// <summary>What the mode AUTO comes to with one threshold.</summary>
/// <param name="Threshold">The confidence from which on a direct answer is kept.</param>
/// <param name="Accuracy">Part of the questions that are answered right, 0 to 1.</param>
/// <param name="Tokens">Tokens a question, those of dropped answers included.</param>
/// <param name="ThinkingShare">Part of the questions that are thought through, 0 to 1.</param>
public sealed record CalibrationRow(double Threshold, double Accuracy, double Tokens, double ThinkingShare);
