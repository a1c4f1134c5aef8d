namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>The outputs of a batch of one shard.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ExpertOutputs")]
public sealed record ExpertOutputs
{
    /// <summary>[choices, HiddenSize], in the order of the batch.</summary>
    [Id(0)]
    public ReadOnlyMemory<float> Outputs { get; init; }
}
