using Qwen3.Cluster.Model.Backends;

namespace Qwen3.Cluster.Cli.Benchmarking;

/// <summary>What is measured.</summary>
/// <param name="PromptTokens">Tokens of the prompt; 0: none is measured.</param>
/// <param name="DecodeSteps">Steps of a round of decoding; 1 or more.</param>
/// <param name="Batches">Sequences at once.</param>
/// <param name="Contexts">Tokens that each sequence has before the first step.</param>
/// <param name="Rounds">Rounds whose median is reported; 1 or more.</param>
/// <param name="Seed">Of the tokens.</param>
/// <param name="Cache">How keys and values are kept.</param>
public sealed record BenchPlan(
    int PromptTokens, int DecodeSteps, IReadOnlyList<int> Batches, IReadOnlyList<int> Contexts, int Rounds, int Seed, CacheFormat Cache);
