namespace Qwen3.Cluster.Model.Generation;

/// <summary>How much an <see cref="Engine"/> takes on at once. The size and the number of pages come from the model.</summary>
public sealed record EngineOptions
{
    /// <summary>Rows of a step, decodes and chunks of prompts together; at least <see cref="MaxSequences"/>, so that each sequence gets on.</summary>
    public int MaxBatchTokens { get; init; } = 256;

    /// <summary>Sequences that run at once; 1 or more. A request with n samples has n sequences.</summary>
    public int MaxSequences { get; init; } = 32;

    /// <summary>Requests that may wait for their first step; 1 or more. One more is turned away.</summary>
    public int MaxWaiting { get; init; } = 64;

    /// <summary>
    /// Tokens of the answer after a close that a limit put in, where the request has no limit on tokens of its own: a model that goes on thinking
    /// there must not fill the context; 1 or more.
    /// </summary>
    public int MaxForcedAnswerTokens { get; init; } = 4096;

    /// <summary>
    /// Whether pages of the cache outlive their sequence, so that a later prompt that starts alike (a conversation's next turn, the
    /// other samples of the same request) need not be computed again. The tokens of a reply do not depend on it.
    /// </summary>
    public bool ReusePrefixes { get; init; } = true;

    /// <summary>
    /// Drafts of a reply that a step may run beside its next token, where the request does not say; 0 (none) to 8. As many run as are worth their rows.
    /// The tokens of a reply do not depend on it.
    /// </summary>
    public int MaxDraftTokens { get; init; }

    /// <summary>Tokens that end a reply, as generation_config.json names them; empty: the tokenizer's <c>&lt;|im_end|&gt;</c> and <c>&lt;|endoftext|&gt;</c>.</summary>
    public IReadOnlyList<int> EndTokenIds { get; init; } = [];
}
