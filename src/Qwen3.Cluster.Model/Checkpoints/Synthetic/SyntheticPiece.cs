using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Checkpoints.Synthetic;

/// <summary>As much of a tensor as is made at once.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Ordinal">Which of the checkpoint's it is: its share of the seed.</param>
/// <param name="Start">The piece's first byte in the tensor.</param>
/// <param name="ByteCount">Bytes of the piece.</param>
/// <param name="Offset">Where it goes in the file.</param>
internal sealed record SyntheticPiece(SyntheticTensor Tensor, int Ordinal, long Start, int ByteCount, long Offset)
{
    /// <summary>No piece but one that <see cref="IsWhole"/> is larger: a multiple of every superblock that is near four megabytes.</summary>
    public const int LargestBytes = 576 * 1088 * 6;

    private const ushort One = 0x3F80; // bfloat16

    /// <summary>Whether it is a whole packed tensor with a ragged edge, whose zeros are the packer's business.</summary>
    public bool IsWhole => Tensor.Type.IsPacked() && IsRagged(Tensor);

    /// <summary>Cuts a tensor into pieces.</summary>
    public static IEnumerable<SyntheticPiece> Of(SyntheticTensor tensor, int ordinal, long offset)
    {
        long largest = tensor.Type.IsPacked() && IsRagged(tensor) ? Math.Max(1, tensor.ByteCount) : LargestBytes;
        for (long start = 0; start < tensor.ByteCount; start += largest)
        {
            yield return new SyntheticPiece(tensor, ordinal, start, checked((int)Math.Min(largest, tensor.ByteCount - start)), offset + start);
        }
    }

    /// <summary>Makes it in a buffer of <see cref="LargestBytes"/>.</summary>
    public Span<byte> Make(int seed, byte[] buffer)
    {
        Span<byte> bytes = buffer.AsSpan(0, ByteCount);
        if (Tensor.Shape.Length == 1)
        {
            // A norm: it changes nothing.
            MemoryMarshal.Cast<byte, ushort>(bytes).Fill(One);
        }
        else
        {
            Noise.Fill(Tensor.Type, Tensor.Shape[1], Noise.SeedOf(seed, Ordinal), Start, bytes);
        }

        return bytes;
    }

    /// <summary>Makes a whole tensor: bfloat16 first, then packed.</summary>
    public unsafe Span<byte> MakeWhole(int seed)
    {
        byte[] packed = new byte[ByteCount];
        byte[] source = GC.AllocateUninitializedArray<byte>(checked(2 * Tensor.Shape[0] * Tensor.Shape[1]), pinned: true);
        Noise.Fill(TensorType.BF16, Tensor.Shape[1], Noise.SeedOf(seed, Ordinal), 0, source);
        byte* data = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(source, 0);
        TensorPacker.Pack(new TensorView(Tensor.Name, data, TensorType.BF16, Tensor.Shape, Tensor.Shape[1], source, scales: null), Tensor.Type, packed);
        return packed;
    }

    private static bool IsRagged(SyntheticTensor tensor) =>
        tensor.Shape[0] % PackedLayout.GroupRows != 0 || tensor.Shape[1] % PackedLayout.SuperblockColumns != 0;
}
