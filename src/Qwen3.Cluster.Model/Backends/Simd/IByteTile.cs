namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>The product of an unpacked panel of 16 rows with four tokens, see <see cref="PackedKernels{TFormat, TSums}.Unpack"/>.</summary>
internal unsafe interface IByteTile
{
    /// <summary>output[t, r] += x[t] · w[r] over the blocks of a panel, 16 rows, four tokens.</summary>
    /// <param name="panel">For each block 8 × (16 rows × 4 columns).</param>
    /// <param name="panelScales">For each block the scales of the 16 rows.</param>
    /// <param name="blocks">Blocks of the panel.</param>
    /// <param name="x0">The bytes of the first token from the panel's first column on.</param>
    /// <param name="x1">Of the second.</param>
    /// <param name="x2">Of the third.</param>
    /// <param name="x3">Of the fourth.</param>
    /// <param name="s0">The scales of the first token's blocks.</param>
    /// <param name="s1">Of the second's.</param>
    /// <param name="s2">Of the third's.</param>
    /// <param name="s3">Of the fourth's.</param>
    /// <param name="sumsFromScales">From a token's scale of a block to the sum of the block's bytes, in elements.</param>
    /// <param name="output">[4, 16].</param>
    static abstract void Add(
        byte* panel,
        float* panelScales,
        nint blocks,
        sbyte* x0,
        sbyte* x1,
        sbyte* x2,
        sbyte* x3,
        float* s0,
        float* s1,
        float* s2,
        float* s3,
        nint sumsFromScales,
        float* output);
}
