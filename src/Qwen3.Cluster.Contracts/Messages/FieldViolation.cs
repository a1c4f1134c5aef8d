namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A field of a request that cannot be served, and why.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.FieldViolation")]
public sealed record FieldViolation
{
    /// <summary>The field, as the proto names it: <c>sampling.top_p</c>, <c>messages[2].role</c>.</summary>
    [Id(0)]
    public required string Field { get; init; }

    /// <summary>What the field must hold, and what it holds.</summary>
    [Id(1)]
    public required string Description { get; init; }
}
