using System.Runtime.InteropServices;
using Qwen3.Cluster.Torch.Loading;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Torch;

/// <summary>The GPU that <see cref="TorchBackend"/> computes on.</summary>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="FreeBytes">What of it no process has taken.</param>
public readonly record struct CudaDevice(long MemoryBytes, long FreeBytes)
{
    // Comes with the libtorch that can use a GPU; TorchSharp itself does not say what a device has.
    private const string Runtime = "libcudart.so.12";

    /// <summary>The device as it is now; null: libtorch finds none, or the one that was built in is for the CPU.</summary>
    /// <exception cref="NativeTorchException">libtorch cannot be loaded, or the CUDA runtime does not answer.</exception>
    public static CudaDevice? Find()
    {
        NativeTorch.Load();
        if (!cuda.is_available())
        {
            return null;
        }

        int error = GetMemory(out nuint free, out nuint total);
        return error == 0
            ? new CudaDevice((long)total, (long)free)
            : throw new NativeTorchException($"{Runtime} does not say what memory the GPU has: cudaMemGetInfo gave the error {error}.");
    }

    [DllImport(Runtime, EntryPoint = "cudaMemGetInfo")]
    private static extern int GetMemory(out nuint free, out nuint total);
}
