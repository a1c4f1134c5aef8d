namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What happened to a request: it started, text was added, a reply ended.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ReplyEvent")]
public abstract record ReplyEvent;
