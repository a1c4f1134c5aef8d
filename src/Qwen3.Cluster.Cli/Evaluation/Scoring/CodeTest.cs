namespace Qwen3.Cluster.Cli.Evaluation.Scoring;

/// <summary>What a program is given and what it must write.</summary>
/// <param name="Input">The standard input; for a method a line of JSON for each argument.</param>
/// <param name="Output">The standard output; for a method what it returns, as JSON.</param>
public sealed record CodeTest(string Input, string Output);
