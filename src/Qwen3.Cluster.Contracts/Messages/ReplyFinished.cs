namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>The last event of a reply.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ReplyFinished")]
public sealed record ReplyFinished : ReplyEvent
{
    /// <summary>Which of the replies; from 0.</summary>
    [Id(0)]
    public int Sample { get; init; }

    /// <summary>Why it ended.</summary>
    [Id(1)]
    public FinishReason Reason { get; init; }

    /// <summary>The stop text, or the text of the stop token, that ended it.</summary>
    [Id(2)]
    public string? MatchedStop { get; init; }

    /// <summary>What it spent.</summary>
    [Id(3)]
    public required ReplyUsage Usage { get; init; }
}
