namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What was added to a reply.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ReplyDelta")]
public sealed record ReplyDelta : ReplyEvent
{
    /// <summary>Which of the replies; from 0.</summary>
    [Id(0)]
    public int Sample { get; init; }

    /// <summary>Where the text stands.</summary>
    [Id(1)]
    public ReplyPart Part { get; init; }

    /// <summary>Whole characters, without tags.</summary>
    [Id(2)]
    public string Text { get; init; } = "";

    /// <summary>The tokens added, tags and the end token included.</summary>
    [Id(3)]
    public IReadOnlyList<int> TokenIds { get; init; } = [];

    /// <summary>One for each token, when asked for.</summary>
    [Id(4)]
    public IReadOnlyList<TokenLogprob> Logprobs { get; init; } = [];

    /// <summary>Which limit put the tokens in, as words that close the thinking; none: the model chose them.</summary>
    [Id(5)]
    public ThinkingEnd ClosedBy { get; init; }
}
