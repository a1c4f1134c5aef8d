namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>The product of unpacked panels of 16 rows each with four tokens, see <see cref="PackedKernels{TFormat, TSums}.Unpack"/>.</summary>
internal unsafe interface IByteTile
{
    /// <summary>Panels of a tile, 1 or 2.</summary>
    static abstract int Panels { get; }

    /// <summary>output[t, r] += x[t] · w[r] over the blocks of the panels, 16 rows each, four tokens.</summary>
    /// <param name="panel">For each block 8 × (16 rows × 4 columns).</param>
    /// <param name="panelScales">For each block the scales of the 16 rows.</param>
    /// <param name="secondPanel">From the panel to the next one, if the tile has two, in bytes.</param>
    /// <param name="secondPanelScales">From its scales to those of the next, in numbers.</param>
    /// <param name="blocks">Blocks of a panel.</param>
    /// <param name="x0">The bytes of the first token from the panel's first column on.</param>
    /// <param name="x1">Of the second.</param>
    /// <param name="x2">Of the third.</param>
    /// <param name="x3">Of the fourth.</param>
    /// <param name="s0">The scales of the first token's blocks.</param>
    /// <param name="s1">Of the second's.</param>
    /// <param name="s2">Of the third's.</param>
    /// <param name="s3">Of the fourth's.</param>
    /// <param name="sumsFromScales">From a token's scale of a block to the sum of the block's bytes, in elements.</param>
    /// <param name="output">[4, 16 · panels].</param>
    static abstract void Add(
        byte* panel,
        float* panelScales,
        nint secondPanel,
        nint secondPanelScales,
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
