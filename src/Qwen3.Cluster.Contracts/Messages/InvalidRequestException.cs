namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>A field of a request cannot be served.</summary>
[GenerateSerializer, Alias("qwen3.InvalidRequestException")]
public sealed class InvalidRequestException(string field, string message) : Exception(message)
{
    /// <summary>The field, as the proto names it: <c>sampling.top_p</c>.</summary>
    [Id(0)]
    public string Field { get; } = field;
}
