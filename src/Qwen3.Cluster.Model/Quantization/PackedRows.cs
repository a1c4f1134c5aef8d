using System.Runtime.CompilerServices;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Quantization;

/// <summary>Puts single rows into a <see cref="PackedLayout"/> and takes them out again, by plain loops: what the kernels read is what is written here.</summary>
internal static unsafe class PackedRows
{
    /// <summary>Writes a row of a group that was zero.</summary>
    /// <param name="type">Q8 or Q4.</param>
    /// <param name="group">The group's first byte.</param>
    /// <param name="lane">The row within its group.</param>
    /// <param name="values">Its numbers: −128 to 127, or for Q4 −8 to 7.</param>
    /// <param name="scales">One float16 for each block of 32 of them.</param>
    public static void Write(TensorType type, byte* group, int lane, ReadOnlySpan<sbyte> values, ReadOnlySpan<ushort> scales)
    {
        for (int block = 0; block < scales.Length; block++)
        {
            byte* data = Locate(type, group, lane, block, out ushort* scale);
            Unsafe.WriteUnaligned(scale, scales[block]);
            int first = block * PackedLayout.BlockColumns;
            int count = Math.Min(PackedLayout.BlockColumns, values.Length - first);
            for (int i = 0; i < PackedLayout.BlockColumns; i++)
            {
                sbyte value = i < count ? values[first + i] : (sbyte)0;
                if (type == TensorType.Q8)
                {
                    data[((i / 4) * 32) + (i % 4)] = (byte)value;
                    continue;
                }

                // The other nibble of the byte belongs to the same row and block and is written by the same loop.
                byte* pair = data + ((i / 4 % 4) * 32) + (i % 4);
                *pair = i < 16 ? (byte)(value + 8) : (byte)(*pair | ((value + 8) << 4));
            }
        }
    }

    /// <summary>Reads a row as float32, exactly: number times scale.</summary>
    public static void Read(TensorType type, byte* group, int lane, int firstColumn, Span<float> values)
    {
        for (int column = 0; column < values.Length; column++)
        {
            int k = firstColumn + column;
            byte* data = Locate(type, group, lane, k / PackedLayout.BlockColumns, out ushort* scale);
            int i = k % PackedLayout.BlockColumns;
            int value = type == TensorType.Q8
                ? (sbyte)data[((i / 4) * 32) + (i % 4)]
                : ((data[((i / 4 % 4) * 32) + (i % 4)] >> (i < 16 ? 0 : 4)) & 15) - 8;
            values[column] = value * FloatConversion.FromFloat16(Unsafe.ReadUnaligned<ushort>(scale));
        }
    }

    // The row's four bytes in the first vector of a block, and its scale.
    private static byte* Locate(TensorType type, byte* group, int lane, int block, out ushort* scale)
    {
        byte* superblock = group + ((nint)(block / PackedLayout.Blocks) * PackedLayout.SuperblockBytes(type));
        int inside = block % PackedLayout.Blocks;
        scale = (ushort*)superblock + (inside * PackedLayout.GroupRows) + lane;
        return superblock + PackedLayout.ScaleBytes + (inside * PackedLayout.BlockBytes(type)) + (lane * 4);
    }
}
