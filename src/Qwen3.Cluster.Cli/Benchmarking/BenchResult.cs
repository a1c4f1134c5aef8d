namespace Qwen3.Cluster.Cli.Benchmarking;

/// <summary>One measurement.</summary>
/// <param name="Kind"><c>prompt</c> or <c>decode</c>.</param>
/// <param name="Batch">Sequences at once.</param>
/// <param name="Context">Tokens that each sequence had before.</param>
/// <param name="Tokens">Tokens of a round, of all sequences.</param>
/// <param name="TokensPerSecond">The median of the rounds, all sequences together.</param>
/// <param name="Slowest">The slowest round, tokens per second.</param>
/// <param name="Fastest">The fastest round, tokens per second.</param>
/// <param name="StepBytes">Bytes that a step reads, on average: the trunk's weights, those of the experts asked, each once, and keys and values.</param>
/// <param name="DistinctExperts">Experts asked in a layer of a step, on average.</param>
/// <param name="ShareOfBandwidth">Bytes read in a second, of those that a plain read of memory gives.</param>
/// <param name="ShareOfOperations">Operations in a second, of those that the processor's registers can do.</param>
public sealed record BenchResult(
    string Kind,
    int Batch,
    int Context,
    int Tokens,
    double TokensPerSecond,
    double Slowest,
    double Fastest,
    long StepBytes,
    double DistinctExperts,
    double ShareOfBandwidth,
    double ShareOfOperations);
