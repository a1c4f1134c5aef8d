namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// Static YaRN: stretches RoPE to a longer context (arXiv 2309.00071). Frequencies that turn fewer than <paramref name="BetaSlow"/> times in the
/// original context are divided by <paramref name="Factor"/>, those that turn more than <paramref name="BetaFast"/> times stay, with a ramp between.
/// </summary>
/// <param name="Factor">New context length over the original one; above 0.</param>
/// <param name="OriginalMaxPositions">The context length of pre-training, in tokens.</param>
/// <param name="BetaFast">Turns above which a frequency stays; 32 by default.</param>
/// <param name="BetaSlow">Turns below which a frequency is divided; 1 by default.</param>
/// <param name="AttentionFactor">Multiplies cos and sin; 0.1 ln(Factor) + 1 unless the config gives it.</param>
public sealed record YarnScaling(double Factor, int OriginalMaxPositions, double BetaFast, double BetaSlow, double AttentionFactor);
