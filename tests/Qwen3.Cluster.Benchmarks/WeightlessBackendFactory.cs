using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>Experts that cost nothing: what is left is the way to them.</summary>
internal sealed class WeightlessBackendFactory : IBackendFactory
{
    public string Name => "weightless";

    public ComputeDevice Device => ComputeDevice.Cpu();

    public double BytesOf(TensorType type) => sizeof(ushort);

    public IBackend Create(int threads) => new WeightlessBackend(new SimdBackend(1));
}
