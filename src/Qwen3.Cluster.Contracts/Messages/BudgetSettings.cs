namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Limits on the thinking of a reply. Null: no limit.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.BudgetSettings")]
public sealed record BudgetSettings
{
    /// <summary>Paragraphs of thinking; 1 to 32.</summary>
    [Id(0)]
    public int? MaxSteps { get; init; }

    /// <summary>Tokens of thinking; 0 or more.</summary>
    [Id(1)]
    public int? MaxThinkingTokens { get; init; }
}
