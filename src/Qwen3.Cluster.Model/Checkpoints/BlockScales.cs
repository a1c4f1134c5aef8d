using System.Runtime.CompilerServices;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// The scales of a block-quantised matrix (<c>weight_scale_inv</c>): element [i, j] is multiplied by scale [i / rows, j / columns].
/// A slice of the matrix keeps the whole grid and remembers where it starts.
/// </summary>
internal sealed unsafe class BlockScales(TensorView grid, BlockSize size, int firstRow = 0, int firstColumn = 0)
{
    /// <summary>Multiplies one row, in place. <paramref name="row"/> counts from the slice's first row.</summary>
    public void Apply(int row, Span<float> values)
    {
        byte* scales = grid.Row((firstRow + row) / size.Rows);
        for (int column = 0; column < values.Length;)
        {
            int block = (firstColumn + column) / size.Columns;
            int end = Math.Min(values.Length, (int)Math.Min(int.MaxValue, (block + 1L) * size.Columns - firstColumn));
            float scale = Read(scales, block);
            for (; column < end; column++)
            {
                values[column] *= scale;
            }
        }

        GC.KeepAlive(grid);
    }

    public BlockScales Slice(int row, int column) => new(grid, size, firstRow + row, firstColumn + column);

    private float Read(byte* row, int block) => grid.Type switch
    {
        TensorType.F32 => Unsafe.ReadUnaligned<float>(row + 4L * block),
        TensorType.F16 => FloatConversion.FromFloat16(Unsafe.ReadUnaligned<ushort>(row + 2L * block)),
        _ => FloatConversion.FromBFloat16(Unsafe.ReadUnaligned<ushort>(row + 2L * block)),
    };
}
