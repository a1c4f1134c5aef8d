namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A call of a function, written by the model.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ToolCall")]
public sealed record ToolCall
{
    /// <summary>The function.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>A JSON object.</summary>
    [Id(1)]
    public required string ArgumentsJson { get; init; }
}
