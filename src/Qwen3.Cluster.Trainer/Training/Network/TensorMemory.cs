using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>Numbers on their way between arrays and tensors on the CPU.</summary>
internal static class TensorMemory
{
    /// <summary>The elements of a contiguous float32 tensor, in place.</summary>
    public static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>The elements of a contiguous int64 tensor, in place.</summary>
    public static Span<long> Longs(Tensor tensor) => MemoryMarshal.Cast<byte, long>(tensor.bytes);

    /// <summary>A tensor of int64 with a copy of the numbers.</summary>
    public static Tensor FromInts(ReadOnlySpan<int> values, params long[] shape)
    {
        Tensor tensor = empty(shape, int64);
        Span<long> room = Longs(tensor);
        for (int i = 0; i < room.Length; i++)
        {
            room[i] = values[i];
        }

        return tensor;
    }

    /// <summary>A tensor of float32 with a copy of the numbers.</summary>
    public static Tensor FromFloats(ReadOnlySpan<float> values, params long[] shape)
    {
        Tensor tensor = empty(shape, float32);
        values.CopyTo(Floats(tensor));
        return tensor;
    }
}
