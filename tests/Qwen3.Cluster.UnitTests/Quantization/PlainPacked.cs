using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.UnitTests.Quantization;

/// <summary>
/// A second, independent reader of the packed layout, from its description alone: numbers and scales by index arithmetic, products by plain loops.
/// It shares no code with the product.
/// </summary>
internal sealed unsafe class PlainPacked(TensorType type, int rows, int columns, byte* data)
{
    private readonly int _superblockBytes = type == TensorType.Q8 ? 1088 : 576;

    public int Number(int row, int column)
    {
        int k = column % 128, inBlock = k % 32;
        byte* block = Superblock(row, column) + 64 + (k / 32 * (type == TensorType.Q8 ? 256 : 128));
        if (type == TensorType.Q8)
        {
            return (sbyte)block[(inBlock / 4 * 32) + (row % 8 * 4) + (inBlock % 4)];
        }

        int both = block[(inBlock % 16 / 4 * 32) + (row % 8 * 4) + (inBlock % 4)];
        return (inBlock < 16 ? both & 15 : both >> 4) - 8;
    }

    public float Scale(int row, int column) => (float)((Half*)Superblock(row, column))[(column % 128 / 32 * 8) + (row % 8)];

    /// <summary>A row times a token: the token's blocks as bytes, exact integers, one fused multiply-add a block.</summary>
    public float Dot(int row, ReadOnlySpan<float> x)
    {
        Assert.InRange(row, 0, rows - 1);
        float sum = 0;
        for (int first = 0; first < columns; first += 32)
        {
            int count = Math.Min(32, columns - first);
            float largest = 0;
            for (int i = 0; i < count; i++)
            {
                largest = MathF.Max(largest, MathF.Abs(x[first + i]));
            }

            int integer = 0;
            for (int i = 0; i < count && largest > 0; i++)
            {
                integer += (int)MathF.Round(x[first + i] * (127f / largest), MidpointRounding.ToEven) * Number(row, first + i);
            }

            sum = MathF.FusedMultiplyAdd(integer, Scale(row, first) * (largest / 127f), sum);
        }

        return sum;
    }

    private byte* Superblock(int row, int column) => data + ((((long)(row / 8) * ((columns + 127) / 128)) + (column / 128)) * _superblockBytes);
}
