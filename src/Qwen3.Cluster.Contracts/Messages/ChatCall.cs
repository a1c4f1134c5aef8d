namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A conversation to continue.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ChatCall")]
public sealed record ChatCall
{
    /// <summary>Empty: the default model.</summary>
    [Id(0)]
    public string Model { get; init; } = "";

    /// <summary>Oldest first; at least one.</summary>
    [Id(1)]
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>Functions that the model may call, each a JSON object.</summary>
    [Id(2)]
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>Whether the reply begins with thinking.</summary>
    [Id(3)]
    public ReplyMode Mode { get; init; }

    /// <summary>How tokens are chosen.</summary>
    [Id(4)]
    public SamplingSettings Sampling { get; init; } = new();

    /// <summary>Limits on the thinking.</summary>
    [Id(5)]
    public BudgetSettings Budget { get; init; } = new();

    /// <summary>What is left until the caller's own deadline, when the call leaves the front door; null: it has none. It counts where it is tighter.</summary>
    [Id(6)]
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>Drafts that a step may run beside the next token of a reply; 0 (none) to 8. Null: as the model is configured. No token depends on it.</summary>
    [Id(7)]
    public int? MaxDraftTokens { get; init; }
}
