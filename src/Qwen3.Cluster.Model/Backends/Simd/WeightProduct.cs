namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>A product with a weight of either kind. Work for a team: each part is a range of the weight's rows that begins at a multiple of 16.</summary>
internal unsafe struct WeightProduct : IParallelWork
{
    private MatrixProduct _plain;
    private PackedProduct _packed;

    public WeightProduct(MatrixProduct plain) => _plain = plain;

    public WeightProduct(PackedProduct packed) => _packed = packed;

    /// <summary>[T, N].</summary>
    public readonly float* Output => IsPacked ? _packed.Output : _plain.Output;

    /// <summary>Numbers from one row of the output to the next.</summary>
    public readonly nint OutputStride => IsPacked ? _packed.OutputStride : _plain.OutputStride;

    /// <summary>T.</summary>
    public readonly int TokenCount => IsPacked ? _packed.TokenCount : _plain.TokenCount;

    private readonly bool IsPacked => _packed.Weight is not null;

    public readonly void Run(int worker, int first, int end)
    {
        if (IsPacked)
        {
            _packed.Run(worker, first, end);
        }
        else
        {
            _plain.Run(worker, first, end);
        }
    }
}
