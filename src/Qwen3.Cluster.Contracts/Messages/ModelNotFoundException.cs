namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>No model of that name is loaded.</summary>
[GenerateSerializer, Alias("qwen3.ModelNotFoundException")]
public sealed class ModelNotFoundException(string model, string message) : Exception(message)
{
    /// <summary>The name that was asked for.</summary>
    [Id(0)]
    public string Model { get; } = model;
}
