using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>A back-end that this process can compute with. A host adds its own by registering one more.</summary>
public interface IBackendFactory
{
    /// <summary>As <see cref="ModelOptions.Backend"/> names it.</summary>
    string Name { get; }

    /// <summary>What it computes on.</summary>
    ComputeDevice Device { get; }

    /// <summary>Bytes that a stored number takes once a weight is loaded.</summary>
    /// <param name="type">How it is stored.</param>
    double BytesOf(TensorType type);

    /// <summary>Makes one, for one compute thread to own.</summary>
    /// <param name="threads">Threads that it may use, its caller's included; 0: one for each core.</param>
    IBackend Create(int threads);
}
