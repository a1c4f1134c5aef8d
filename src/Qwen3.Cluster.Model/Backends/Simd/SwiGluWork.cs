namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// inner [T, I] = silu(gate · x) ⊙ (up · x): the first half of an expert in one go. Work for a team: each part is a range of the I rows of the two
/// weights that begins at a multiple of 16.
/// </summary>
internal unsafe struct SwiGluWork : IParallelWork
{
    public WeightProduct Gate;
    public WeightProduct Up;

    public readonly void Run(int worker, int first, int end)
    {
        Gate.Run(worker, first, end);
        Up.Run(worker, first, end);

        // The last part takes the padding along: silu(0) · 0 = 0.
        int length = SimdWeight.RoundUp(end) - first;
        for (int token = 0; token < Gate.TokenCount; token++)
        {
            VectorMath.SwiGlu(Gate.Output + (token * Gate.OutputStride) + first, Up.Output + (token * Up.OutputStride) + first, length);
        }
    }
}
