namespace Qwen3.Cluster.Model.Generation;

/// <summary>What one step added to one reply. Tokens whose text is held back (half a character, a possible stop text) come with empty text.</summary>
public sealed record GenerationDelta
{
    /// <summary>The request.</summary>
    public required string RequestId { get; init; }

    /// <summary>Which of its replies, 0 to SampleCount − 1.</summary>
    public int Sample { get; init; }

    /// <summary>Where the text stands.</summary>
    public ReplyPart Part { get; init; }

    /// <summary>The text added, without tags and end tokens; whole characters.</summary>
    public string Text { get; init; } = "";

    /// <summary>The tokens added, tags and end tokens included.</summary>
    public IReadOnlyList<int> TokenIds { get; init; } = [];

    /// <summary>Which limit put the tokens in: they are words that close the thinking. <see cref="ThinkingEnd.None"/>: the model chose them.</summary>
    public ThinkingEnd ClosedBy { get; init; }

    /// <summary>For each of <see cref="TokenIds"/>, when asked for; else empty.</summary>
    public IReadOnlyList<TokenLogprob> Logprobs { get; init; } = [];

    /// <summary>Set on the reply's last delta.</summary>
    public FinishReason? Finish { get; init; }

    /// <summary>
    /// What went wrong with the tokens of this request; the others of the batch go on. It is the last delta of the request: all of
    /// its replies end here, without a <see cref="Finish"/>, and the same request would fail in the same way again.
    /// </summary>
    public Exception? Failure { get; init; }

    /// <summary>The stop text or the text of the stop token that ended the reply, where one of the request's did.</summary>
    public string? MatchedStop { get; init; }

    /// <summary>Set on the reply's last delta.</summary>
    public ReplyUsage? Usage { get; init; }
}
