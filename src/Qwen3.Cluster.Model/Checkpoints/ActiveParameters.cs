namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>What one token activates.</summary>
/// <param name="ExpertsPerToken">k; 0 for a dense model.</param>
/// <param name="Parameters">The trunk and k experts.</param>
public sealed record ActiveParameters(int ExpertsPerToken, long Parameters);
