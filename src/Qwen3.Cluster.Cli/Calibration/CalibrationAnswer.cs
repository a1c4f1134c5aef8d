namespace Qwen3.Cluster.Cli.Calibration;

/// <summary>One question, answered at once and after thinking.</summary>
/// <param name="Likeliest">Of each of the direct answer's first tokens, the natural logarithm of the likeliest token's probability at its place.</param>
/// <param name="DirectIsRight">Whether the direct answer is right.</param>
/// <param name="DirectTokens">Its tokens.</param>
/// <param name="ThinkingIsRight">Whether the answer after thinking is right.</param>
/// <param name="ThinkingTokens">Tokens of the reply with thinking, the answer included.</param>
public sealed record CalibrationAnswer(
    IReadOnlyList<float> Likeliest, bool DirectIsRight, int DirectTokens, bool ThinkingIsRight, int ThinkingTokens);
