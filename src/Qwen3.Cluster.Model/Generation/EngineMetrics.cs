namespace Qwen3.Cluster.Model.Generation;

/// <summary>What an <see cref="Engine"/> is doing and has done, as of its last step. Totals count from its start.</summary>
public sealed record EngineMetrics
{
    /// <summary>Sequences in the batch.</summary>
    public int Running { get; init; }

    /// <summary>Sequences that there may be in the batch.</summary>
    public int MaxSequences { get; init; }

    /// <summary>Sequences that wait for a place or for pages, those pushed back by pre-emption included.</summary>
    public int Waiting { get; init; }

    /// <summary>Whether, at the latest step, sequences waited for pages though there were places.</summary>
    public bool LacksPages { get; init; }

    /// <summary>Pages that a sequence can have at once: never used, given back, or kept only for their content.</summary>
    public int FreePages { get; init; }

    /// <summary>Pages in all.</summary>
    public int TotalPages { get; init; }

    /// <summary>Steps that ran.</summary>
    public long Steps { get; init; }

    /// <summary>Rows that the model ran: tokens of prompts and replies, drafts, those run again after a pre-emption included.</summary>
    public long ComputedTokens { get; init; }

    /// <summary>Tokens of prompts that were found in the cache instead.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Tokens of replies.</summary>
    public long ReplyTokens { get; init; }

    /// <summary>Drafts that ran.</summary>
    public long DraftedTokens { get; init; }

    /// <summary>Of these, those that became tokens of replies.</summary>
    public long AcceptedTokens { get; init; }

    /// <summary>Times that a sequence was pushed back for want of pages.</summary>
    public long Preemptions { get; init; }

    /// <summary>
    /// Of each request that waits for its first step, the time by which it has to be begun, soonest first: a timestamp of the engine's clock.
    /// </summary>
    public IReadOnlyList<long> LatestStarts { get; init; } = [];

    /// <summary>Speed and lengths as just measured.</summary>
    public EnginePace Pace { get; init; } = new();

    /// <summary>How long the latest step without a chunk of a prompt took: the time to the next token, or tokens, of each reply; zero before there was one.</summary>
    public TimeSpan DecodeStepTime { get; init; }

    /// <summary>Tokens a second, over all replies, of that same step.</summary>
    public double DecodeTokensPerSecond { get; init; }

    /// <summary>Rows a second of the latest step with a chunk of a prompt in it; zero before there was one.</summary>
    public double PrefillTokensPerSecond { get; init; }
}
