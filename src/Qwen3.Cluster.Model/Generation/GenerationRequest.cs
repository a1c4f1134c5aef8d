namespace Qwen3.Cluster.Model.Generation;

/// <summary>A prompt to continue, as the engine takes it.</summary>
public sealed record GenerationRequest
{
    /// <summary>Names the request in <see cref="GenerationDelta.RequestId"/> and for cancelling; unique among those in the engine.</summary>
    public required string Id { get; init; }

    /// <summary>The prompt's tokens; at least one.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>How tokens are chosen and when the reply ends.</summary>
    public SamplingParameters Sampling { get; init; } = new();

    /// <summary>The limits on thinking.</summary>
    public ThinkingLimits Thinking { get; init; } = new();

    /// <summary>Drafts that a step may run beside the next token of a reply; 0 (none) to 8. Null: as <see cref="EngineOptions.MaxDraftTokens"/> says.</summary>
    public int? MaxDraftTokens { get; init; }

    /// <summary>True when the prompt ends inside an open think block (the template opened it), so that the reply begins with thinking.</summary>
    public bool StartsInThinking { get; init; }

    /// <summary>
    /// Of a request that another engine has begun: for each sample the tokens that it has already, which are not given out again; null: that
    /// sample has ended. At least one goes on. Null as a whole: the request is new. The tokens that follow are those that the other engine
    /// would have given.
    /// </summary>
    public IReadOnlyList<int[]?>? Written { get; init; }

    /// <summary>With <see cref="Written"/>: for each sample the place of the token at which time put the close in; null: it did not.</summary>
    public IReadOnlyList<int?>? ClosedByTimeAt { get; init; }

    /// <summary>
    /// When each of its replies ends, with what it has; a timestamp of the engine's clock. The thinking is closed while there is time for an
    /// answer at the engine's speed. Null: no end. Which tokens there are depends on the time then; what they are does not.
    /// </summary>
    public long? Deadline { get; init; }
}
