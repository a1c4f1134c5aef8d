namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>The outputs of a batch of one shard. Who asked disposes of them.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.ExpertOutputs")]
public sealed record ExpertOutputs : IDisposable
{
    /// <summary>[choices, HiddenSize], in the order of the batch.</summary>
    [Id(0)]
    public required TensorBuffer<float> Outputs { get; init; }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => Outputs.Dispose();
}
