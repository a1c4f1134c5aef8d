using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Torch;

/// <summary>Numbers on their way between the host's memory and a device.</summary>
internal static class HostMemory
{
    /// <summary>The elements of a contiguous float32 tensor on the CPU, in place.</summary>
    public static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>A copy on the device.</summary>
    public static Tensor Floats(ReadOnlySpan<float> values, Device device, params long[] shape)
    {
        Tensor copy = empty(shape, float32);
        values.CopyTo(Values(copy));
        return copy.to(device);
    }

    /// <summary>Row numbers [n] on the device.</summary>
    public static Tensor Indices(ReadOnlySpan<int> values, Device device)
    {
        Tensor copy = empty([values.Length], int32);
        values.CopyTo(MemoryMarshal.Cast<byte, int>(copy.bytes));
        return copy.to(device);
    }
}
