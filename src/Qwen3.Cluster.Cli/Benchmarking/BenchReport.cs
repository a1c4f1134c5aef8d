namespace Qwen3.Cluster.Cli.Benchmarking;

/// <summary>What a benchmark gave; it serialises to JSON as it is.</summary>
/// <param name="Model">As it was named.</param>
/// <param name="Weights"><c>stored</c>, <c>q8</c> or <c>q4</c>.</param>
/// <param name="Cache"><c>f32</c>, <c>bf16</c> or <c>q8</c>.</param>
/// <param name="WeightBytes">Bytes of the weights in memory: trunk and experts.</param>
/// <param name="Threads">Threads that computed.</param>
/// <param name="LoadSeconds">From opening to the first step; packing at a first use included.</param>
/// <param name="Machine">What the machine could do.</param>
/// <param name="Results">The measurements.</param>
/// <param name="Skipped">What was not measured, and why, in sentences.</param>
public sealed record BenchReport(
    string Model,
    string Weights,
    string Cache,
    long WeightBytes,
    int Threads,
    double LoadSeconds,
    MachineSpeed Machine,
    IReadOnlyList<BenchResult> Results,
    IReadOnlyList<string> Skipped);
