namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>Experts that a token asks, and what that comes to.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.Activation")]
public sealed record Activation
{
    /// <summary>1 to the model's k; 0 for a dense model.</summary>
    [Id(0)]
    public int ExpertsPerToken { get; init; }

    /// <summary>Parameters that one token uses with so many.</summary>
    [Id(1)]
    public long ActiveParameters { get; init; }
}
