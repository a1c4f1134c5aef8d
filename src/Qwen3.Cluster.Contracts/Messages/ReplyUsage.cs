namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What a reply has spent.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ReplyUsage")]
public sealed record ReplyUsage
{
    /// <summary>Tokens of the prompt.</summary>
    [Id(0)]
    public int PromptTokens { get; init; }

    /// <summary>Of these, found in the cache of prefixes.</summary>
    [Id(1)]
    public int CachedPromptTokens { get; init; }

    /// <summary>Tokens of thinking, between the tags.</summary>
    [Id(2)]
    public int ThinkingTokens { get; init; }

    /// <summary>All tokens of the reply.</summary>
    [Id(3)]
    public int ReplyTokens { get; init; }

    /// <summary>Paragraphs of thinking.</summary>
    [Id(4)]
    public int ThinkingSteps { get; init; }

    /// <summary>What ended the thinking.</summary>
    [Id(5)]
    public ThinkingEnd ThinkingEnd { get; init; }

    /// <summary>From the arrival at the router to the first token.</summary>
    [Id(6)]
    public TimeSpan TimeToFirstToken { get; init; }

    /// <summary>From the arrival at the router to the end.</summary>
    [Id(7)]
    public TimeSpan Duration { get; init; }

    /// <summary>Experts that each token asked in each layer; 0 for a dense model.</summary>
    [Id(8)]
    public int ExpertsPerToken { get; init; }

    /// <summary>Parameters that each token used.</summary>
    [Id(9)]
    public long ActiveParameters { get; init; }

    /// <summary>What the request's mode came to: <see cref="ReplyMode.Fast"/> or <see cref="ReplyMode.Deep"/>; <see cref="ReplyMode.Default"/> where none was asked for.</summary>
    [Id(10)]
    public ReplyMode Mode { get; init; }

    /// <summary>Of <see cref="ReplyMode.Auto"/>: tokens of an answer that was begun at once and dropped.</summary>
    [Id(11)]
    public int DroppedTokens { get; init; }

    /// <summary>Drafts that ran, guesses of its next tokens: by the router that ended it.</summary>
    [Id(12)]
    public int DraftedTokens { get; init; }

    /// <summary>Of these, those that were its next tokens.</summary>
    [Id(13)]
    public int AcceptedTokens { get; init; }
}
