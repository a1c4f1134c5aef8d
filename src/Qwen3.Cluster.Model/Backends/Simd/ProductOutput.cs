namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>The rows [T, N] that come out of a product.</summary>
/// <param name="data">The first row.</param>
/// <param name="stride">Numbers from one row to the next.</param>
/// <param name="add">Whether the product is added to what is there.</param>
/// <param name="rows">Which row is a token's.</param>
internal readonly unsafe struct ProductOutput(float* data, nint stride, bool add = false, RowMap rows = default)
{
    public float* Data => data;

    public nint Stride => stride;

    public bool Add => add;

    public RowMap Rows => rows;
}
