using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>The processor's vector instructions.</summary>
internal sealed class SimdBackendFactory : IBackendFactory
{
    /// <inheritdoc/>
    public string Name => "simd";

    /// <inheritdoc/>
    public ComputeDevice Device => ComputeDevice.Cpu();

    /// <inheritdoc/>
    public int BytesOf(TensorType type) => type == TensorType.BF16 ? sizeof(ushort) : sizeof(float);

    /// <inheritdoc/>
    public IBackend Create(int threads) => new SimdBackend(threads == 0 ? Environment.ProcessorCount : threads);
}
