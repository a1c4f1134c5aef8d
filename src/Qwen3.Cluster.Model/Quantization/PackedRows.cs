using System.Runtime.CompilerServices;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Quantization;

/// <summary>Puts single rows into a <see cref="PackedLayout"/> and takes them out again, by plain loops: what the kernels read is what is written here.</summary>
internal static unsafe class PackedRows
{
    /// <summary>Writes a row of a group.</summary>
    /// <param name="type">Q8 or Q4.</param>
    /// <param name="group">The group's first byte.</param>
    /// <param name="lane">The row within its group.</param>
    /// <param name="values">Its numbers, whole superblocks of them: −128 to 127, or for Q4 −8 to 7.</param>
    /// <param name="scales">One float16 for each block of 32 of them.</param>
    public static void Write(TensorType type, byte* group, int lane, sbyte* values, ReadOnlySpan<ushort> scales)
    {
        for (int block = 0; block < scales.Length; block++)
        {
            byte* data = Locate(type, group, lane, block, out ushort* scale);
            *scale = scales[block];
            uint* fours = (uint*)(values + (block * PackedLayout.BlockColumns));
            for (int v = 0; v < (type == TensorType.Q8 ? 8 : 4); v++)
            {
                *(uint*)(data + (v * 32)) = type == TensorType.Q8 ? fours[v] : Nibbles(fours[v]) | (Nibbles(fours[v + 4]) << 4);
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

    // Four numbers from −8 to 7, each plus 8: modulo 16, that changes the fourth bit.
    private static uint Nibbles(uint four) => (four ^ 0x0808_0808) & 0x0F0F_0F0F;

    // The row's four bytes in the first vector of a block, and its scale.
    private static byte* Locate(TensorType type, byte* group, int lane, int block, out ushort* scale)
    {
        byte* superblock = group + ((nint)(block / PackedLayout.Blocks) * PackedLayout.SuperblockBytes(type));
        int inside = block % PackedLayout.Blocks;
        scale = (ushort*)superblock + (inside * PackedLayout.GroupRows) + lane;
        return superblock + PackedLayout.ScaleBytes + (inside * PackedLayout.BlockBytes(type)) + (lane * 4);
    }
}
