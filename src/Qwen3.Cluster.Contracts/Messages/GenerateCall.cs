namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A text or tokens to continue as they are.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.GenerateCall")]
public sealed record GenerateCall
{
    /// <summary>Empty: the default model.</summary>
    [Id(0)]
    public string Model { get; init; } = "";

    /// <summary>The text, or null when tokens are given.</summary>
    [Id(1)]
    public string? Text { get; init; }

    /// <summary>The tokens, or null when a text is given.</summary>
    [Id(2)]
    public int[]? TokenIds { get; init; }

    /// <summary>How tokens are chosen.</summary>
    [Id(3)]
    public SamplingSettings Sampling { get; init; } = new();

    /// <summary>Limits on the thinking.</summary>
    [Id(4)]
    public BudgetSettings Budget { get; init; } = new();

    /// <summary>What is left until the caller's own deadline, when the call leaves the front door; null: it has none. It counts where it is tighter.</summary>
    [Id(5)]
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>Drafts that a step may run beside the next token of a reply; 0 (none) to 8. Null: as the model is configured. No token depends on it.</summary>
    [Id(6)]
    public int? MaxDraftTokens { get; init; }
}
