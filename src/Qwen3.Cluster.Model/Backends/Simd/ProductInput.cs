namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>The rows [T, K] that go into a product.</summary>
/// <param name="data">The first row; each is padded with zeros to a multiple of 16.</param>
/// <param name="stride">Numbers from one row to the next.</param>
/// <param name="quantized">The same rows as bytes; needed where the weight is packed.</param>
/// <param name="rows">Which row is a token's.</param>
internal readonly unsafe struct ProductInput(float* data, nint stride, QuantizedRows? quantized, RowMap rows = default)
{
    public float* Data => data;

    public nint Stride => stride;

    public QuantizedRows? Quantized => quantized;

    public RowMap Rows => rows;
}
