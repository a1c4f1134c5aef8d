namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>The first event of a request.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ReplyStarted")]
public sealed record ReplyStarted : ReplyEvent
{
    /// <summary>The request.</summary>
    [Id(0)]
    public required string RequestId { get; init; }

    /// <summary>The model that answers.</summary>
    [Id(1)]
    public required string Model { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    [Id(2)]
    public int PromptTokens { get; init; }

    /// <summary>The seed in use.</summary>
    [Id(3)]
    public ulong Seed { get; init; }
}
