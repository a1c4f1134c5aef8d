using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Torch;

namespace Qwen3.Cluster.Cli.Hosting;

/// <summary>Gives silos the back-end of libtorch, which is loaded when the first is made and has threads of its own.</summary>
internal sealed class TorchBackendFactory : IBackendFactory
{
    /// <inheritdoc/>
    public string Name => "torch";

    /// <inheritdoc/>
    public ComputeDevice Device => CudaDevice.Find() is { } gpu
        ? new ComputeDevice("cuda:0", DeviceKind.Cuda, gpu.MemoryBytes, gpu.FreeBytes, Threads: 1)
        : ComputeDevice.Cpu();

    /// <inheritdoc/>
    public double BytesOf(TensorType type) => sizeof(float);

    /// <inheritdoc/>
    public IBackend Create(int threads) => new TorchBackend();
}
