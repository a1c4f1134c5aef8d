using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>hidden += what a token's experts gave, by their weights. Items are tokens.</summary>
internal unsafe struct AddExpertsWork : IParallelWork
{
    public RoutedTokens Routed;
    public SimdActivation Hidden;
    public AlignedBuffer[] Scratch; // [H]

    public readonly void Run(int worker, int first, int end)
    {
        float* sum = Scratch[worker].Data;
        for (int token = first; token < end; token++)
        {
            Routed.Combine(token, new Span<float>(sum, Routed.HiddenSize));
            VectorMath.Add(sum, Hidden.Row(token), Routed.HiddenSize);
        }
    }
}
