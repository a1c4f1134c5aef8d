namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>
/// The tokens of one layer that go to one shard. The way of a router that has no link to the shard's node.
/// Whoever computes it disposes of it, and so may who sent it once it is answered.
/// </summary>
[GenerateSerializer, Immutable, Alias("qwen3.ExpertBatch")]
public sealed record ExpertBatch : IDisposable
{
    /// <summary>0 to layers − 1.</summary>
    [Id(0)]
    public int Layer { get; init; }

    /// <summary>Length of a row.</summary>
    [Id(1)]
    public int HiddenSize { get; init; }

    /// <summary>[rows, HiddenSize].</summary>
    [Id(2)]
    public required TensorBuffer<float> Inputs { get; init; }

    /// <summary>For each choice, its row of the inputs.</summary>
    [Id(3)]
    public required TensorBuffer<int> Rows { get; init; }

    /// <summary>For each choice, its expert.</summary>
    [Id(4)]
    public required TensorBuffer<int> ExpertIds { get; init; }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Inputs.Dispose();
        Rows.Dispose();
        ExpertIds.Dispose();
    }
}
