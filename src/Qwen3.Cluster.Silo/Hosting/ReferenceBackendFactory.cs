using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Plain loops: slow, and the truth that the others are held to.</summary>
internal sealed class ReferenceBackendFactory : IBackendFactory
{
    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public ComputeDevice Device => ComputeDevice.Cpu();

    /// <inheritdoc/>
    public double BytesOf(TensorType type) => sizeof(float);

    /// <inheritdoc/>
    public IBackend Create(int threads) => new ReferenceBackend();
}
