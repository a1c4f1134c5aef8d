namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Limits on a reply. Null: no limit.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.BudgetSettings")]
public sealed record BudgetSettings
{
    /// <summary>Paragraphs of thinking; 1 to 32.</summary>
    [Id(0)]
    public int? MaxSteps { get; init; }

    /// <summary>Tokens of thinking; 0 or more.</summary>
    [Id(1)]
    public int? MaxThinkingTokens { get; init; }

    /// <summary>Parameters that a token may use; from what the model uses with one expert on.</summary>
    [Id(2)]
    public long? MaxActiveParameters { get; init; }

    /// <summary>From the request's arrival at the gateway to the reply's end; 0.5 to 30 s.</summary>
    [Id(3)]
    public TimeSpan? ResponseTime { get; init; }
}
