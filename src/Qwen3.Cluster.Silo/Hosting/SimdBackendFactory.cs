using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>The processor's vector instructions.</summary>
internal sealed class SimdBackendFactory : IBackendFactory
{
    /// <inheritdoc/>
    public string Name => "simd";

    /// <inheritdoc/>
    public ComputeDevice Device => ComputeDevice.Cpu();

    /// <inheritdoc/>
    public double BytesOf(TensorType type) => type switch
    {
        TensorType.BF16 => sizeof(ushort),
        _ when TensorPacker.TypeFor(type) is TensorType packed => PackedLayout.SuperblockBytes(packed) / (double)PackedLayout.SuperblockWeights,
        _ => sizeof(float),
    };

    /// <inheritdoc/>
    public IBackend Create(int threads) => new SimdBackend(threads == 0 ? Environment.ProcessorCount : threads);
}
