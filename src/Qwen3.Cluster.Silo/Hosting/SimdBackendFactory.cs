using Qwen3.Cluster.Model.Backends;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>The processor's vector instructions.</summary>
internal sealed class SimdBackendFactory : IBackendFactory
{
    /// <inheritdoc/>
    public string Name => "simd";

    /// <inheritdoc/>
    public IBackend Create(int threads) => new SimdBackend(threads == 0 ? Environment.ProcessorCount : threads);
}
