namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A prompt to continue, as a router takes it.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.RouterCall")]
public sealed record RouterCall
{
    /// <summary>Names the request.</summary>
    [Id(0)]
    public required string RequestId { get; init; }

    /// <summary>Its tokens; at least one.</summary>
    [Id(1)]
    public required int[] Prompt { get; init; }

    /// <summary>How tokens are chosen; every value that a mode decides, and the seed, are set.</summary>
    [Id(2)]
    public SamplingSettings Sampling { get; init; } = new();

    /// <summary>Limits on the thinking.</summary>
    [Id(3)]
    public BudgetSettings Budget { get; init; } = new();

    /// <summary>The prompt ends inside an open think block.</summary>
    [Id(4)]
    public bool StartsInThinking { get; init; }

    /// <summary>
    /// Of a request that another router has begun: for each sample the tokens that it has already, which do not come again; null: that sample
    /// has ended. Null as a whole: the request is new.
    /// </summary>
    [Id(5)]
    public IReadOnlyList<int[]?>? Written { get; init; }

    /// <summary>Experts that a token may ask in each layer, 1 to the model's k; null: k.</summary>
    [Id(6)]
    public int? MaxExperts { get; init; }

    /// <summary>What is left of the response time when the call leaves; null: no end. Clocks of nodes differ, so it travels as a time span.</summary>
    [Id(7)]
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>With <see cref="Written"/>: for each sample the place of the token at which time put the close of the thinking in; null: it did not.</summary>
    [Id(8)]
    public IReadOnlyList<int?>? ClosedByTimeAt { get; init; }

    /// <summary>Tokens of thinking for which there must be time before the answer; with less the call is refused, as with none for the answer.</summary>
    [Id(9)]
    public int LeastThinking { get; init; }

    /// <summary>Drafts that a step may run beside the next token of a reply; 0 (none) to 8. Null: as the model is configured. No token depends on it.</summary>
    [Id(10)]
    public int? MaxDraftTokens { get; init; }
}
