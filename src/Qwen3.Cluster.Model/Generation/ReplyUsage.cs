namespace Qwen3.Cluster.Model.Generation;

/// <summary>What one reply has spent.</summary>
public sealed record ReplyUsage
{
    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Of these, found in the cache of prefixes; for a later sample of a request those that an earlier one has run.</summary>
    public int CachedPromptTokens { get; init; }

    /// <summary>Tokens of thinking that the model chose, between the tags; the words of a forced close are only in <see cref="ReplyTokens"/>.</summary>
    public int ThinkingTokens { get; init; }

    /// <summary>All tokens of the reply: thinking, tags, the words of a forced close, answer and the end token.</summary>
    public int ReplyTokens { get; init; }

    /// <summary>Paragraphs of thinking that the model began.</summary>
    public int ThinkingSteps { get; init; }

    /// <summary>What ended the thinking.</summary>
    public ThinkingEnd ThinkingEnd { get; init; }

    /// <summary>Drafts that ran: guesses of its next tokens.</summary>
    public int DraftedTokens { get; init; }

    /// <summary>Of these, those that were its next tokens.</summary>
    public int AcceptedTokens { get; init; }

    /// <summary>From the request's arrival in the engine to its first token.</summary>
    public TimeSpan TimeToFirstToken { get; init; }

    /// <summary>From the request's arrival in the engine to its end.</summary>
    public TimeSpan Duration { get; init; }
}
