using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Checkpoints.Gguf;

namespace Qwen3.Cluster.Model.Quantization;

/// <summary>Makes the packed form of a weight from any that can be read as floats.</summary>
public static unsafe class TensorPacker
{
    /// <summary>
    /// The packed type that loses nothing, or next to nothing: ggml's Q8_0 and Q4_0 are Q8 and Q4 with the same integers and scales. Its K types have
    /// minima or scales for 16 that Q4 lacks: their numbers are rounded to eight bits, whose steps are a fraction of theirs. null for types without blocks.
    /// </summary>
    public static TensorType? TypeFor(TensorType type) => type switch
    {
        TensorType.Q4 or TensorType.Q4_0 => TensorType.Q4,
        TensorType.Q8 or TensorType.Q8_0 or TensorType.Q4_K or TensorType.Q5_K or TensorType.Q6_K => TensorType.Q8,
        _ => null,
    };

    /// <summary>The same for a view, which may begin inside a block: then eight bits.</summary>
    public static TensorType? TypeFor(TensorView source) =>
        TypeFor(source.Type) is not TensorType type ? null
        : type == TensorType.Q4 && source.FirstColumn % PackedLayout.BlockColumns != 0 ? TensorType.Q8
        : type;

    /// <summary>Quantises a matrix.</summary>
    /// <param name="source">F32, F16, BF16, scaled F8_E4M3, or blocks of a GGUF file.</param>
    /// <param name="type">Q8 or Q4.</param>
    /// <param name="destination">Receives <see cref="PackedLayout.ByteCount"/> bytes.</param>
    /// <exception cref="CheckpointException">A number is not finite, or too large for a scale in float16.</exception>
    public static void Pack(TensorView source, TensorType type, Span<byte> destination)
    {
        long bytes = PackedLayout.ByteCount(type, source.Rows, source.Columns);
        if (destination.Length != bytes)
        {
            throw new ArgumentException($"{source} packed as {type.FormatName()} takes {bytes} bytes, not {destination.Length}.", nameof(destination));
        }

        fixed (byte* packed = destination)
        {
            Pack(source, type, packed);
        }
    }

    /// <summary>The same into memory of its own.</summary>
    public static TensorView Pack(TensorView source, TensorType type)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(checked((int)PackedLayout.ByteCount(type, source.Rows, source.Columns)), pinned: true);
        Pack(source, type, bytes);
        byte* data = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0);
        return new TensorView(source.Name, data, type, [source.Rows, source.Columns], source.Columns, bytes, scales: null);
    }

    /// <summary>The same into memory that holds as many bytes as it takes.</summary>
    internal static void Pack(TensorView source, TensorType type, byte* destination)
    {
        int blocks = PackedLayout.SuperblockCount(source.Columns) * PackedLayout.Blocks;
        nint groupBytes = (nint)PackedLayout.SuperblockCount(source.Columns) * PackedLayout.SuperblockBytes(type);
        bool isTaken = (source.Type, type) is (TensorType.Q8_0, TensorType.Q8) or (TensorType.Q4_0, TensorType.Q4)
            && source.FirstColumn % PackedLayout.BlockColumns == 0;
        float[] row = new float[blocks * PackedLayout.BlockColumns];
        sbyte[] values = new sbyte[row.Length];
        ushort[] scales = new ushort[blocks];
        int rows = PackedLayout.GroupCount(source.Rows) * PackedLayout.GroupRows;
        fixed (float* numbers = row)
        fixed (sbyte* integers = values)
        {
            for (int i = 0; i < rows; i++)
            {
                // Rows beyond the matrix are zeros.
                if (i < source.Rows && !isTaken)
                {
                    source.CopyRowTo(i, row.AsSpan(0, source.Columns));
                }
                else
                {
                    row.AsSpan().Clear();
                }

                for (int block = 0; block < blocks; block++)
                {
                    float* from = numbers + (block * PackedLayout.BlockColumns);
                    sbyte* to = integers + (block * PackedLayout.BlockColumns);
                    scales[block] = isTaken && i < source.Rows && block * PackedLayout.BlockColumns < source.Columns
                        ? Take(source, i, block, to)
                        : type == TensorType.Q8 ? BlockQuantizer.ToEightBits(from, to) : BlockQuantizer.ToFourBits(from, to);
                    if (!Half.IsFinite(BitConverter.UInt16BitsToHalf(scales[block])))
                    {
                        throw Refusal(source, type, i, block);
                    }
                }

                PackedRows.Write(type, destination + (i / PackedLayout.GroupRows * groupBytes), i % PackedLayout.GroupRows, integers, scales);
            }
        }
    }

    // The block as it is. One that the view cuts off goes on beyond it, where the row to be multiplied is zero.
    private static ushort Take(TensorView source, int row, int block, sbyte* values)
    {
        byte* data = source.BlockRow(row) + ((nint)((source.FirstColumn / PackedLayout.BlockColumns) + block) * GgmlTypes.BlockBytes(source.Type));
        return GgmlBlocks.ReadIntegers(source.Type, data, new Span<sbyte>(values, PackedLayout.BlockColumns));
    }

    private static CheckpointException Refusal(TensorView source, TensorType type, int row, int block)
    {
        float[] numbers = new float[source.Columns];
        source.CopyRowTo(row, numbers);
        int first = block * PackedLayout.BlockColumns, count = Math.Min(PackedLayout.BlockColumns, source.Columns - first);
        float number = Array.Find(numbers[first..(first + count)], value => !float.IsFinite(value));
        string largest = number == 0 ? $"numbers up to {numbers[first..(first + count)].Max(MathF.Abs)}" : $"{number}";
        return new CheckpointException(
            $"Tensor \"{source.Name}\" holds {largest} in row {row}, columns {first} to {first + count - 1}, which {type.FormatName()} cannot hold: "
            + "the file is damaged, or take the weights as they are.");
    }
}
