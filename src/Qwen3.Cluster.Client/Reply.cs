using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Client;

/// <summary>A whole reply.</summary>
/// <param name="Thinking">The thinking, without tags; empty: none.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Finish">Why it ended, and what it spent.</param>
public sealed record Reply(string Thinking, string Answer, ReplyFinished Finish);
