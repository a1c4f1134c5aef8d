namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>One message of a conversation.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ChatMessage")]
public sealed record ChatMessage
{
    /// <summary>Who speaks.</summary>
    [Id(0)]
    public ChatRole Role { get; init; }

    /// <summary>What is said.</summary>
    [Id(1)]
    public string Content { get; init; } = "";

    /// <summary>An assistant's thinking; empty: none.</summary>
    [Id(2)]
    public string Thinking { get; init; } = "";

    /// <summary>An assistant's calls of functions.</summary>
    [Id(3)]
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];
}
