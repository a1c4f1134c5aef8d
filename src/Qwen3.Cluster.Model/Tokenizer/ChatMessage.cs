namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>One message of a conversation, as a chat template takes it.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Content">What is said. Null (an assistant that only calls functions): nothing.</param>
/// <param name="ReasoningContent">An assistant's thinking. Null: look for a think block in the content.</param>
public sealed record ChatMessage(ChatRole Role, string? Content, string? ReasoningContent = null)
{
    /// <summary>An assistant's calls of functions.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];
}
