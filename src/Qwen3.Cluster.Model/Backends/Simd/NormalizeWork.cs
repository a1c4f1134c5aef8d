namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>output = RMS norm of input, times a weight. Items are rows.</summary>
internal unsafe struct NormalizeWork : IParallelWork
{
    public SimdActivation Input;
    public SimdWeight Weight;
    public float Epsilon;
    public SimdActivation Output;

    public readonly void Run(int worker, int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            VectorMath.Normalize(Input.Row(row), Weight.Row<float>(0), Input.Columns, Epsilon, Output.Row(row));
        }
    }
}
