using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>The small model of a router that guesses next tokens: whole, beside the trunk, on the router's thread and back-end.</summary>
internal sealed class DraftModel : IDisposable
{
    private readonly LocalExpertPool _experts;

    /// <summary>Loads it.</summary>
    /// <param name="checkpoint">Its weights; stays the caller's, and outlives it.</param>
    /// <param name="backend">The router's; stays the caller's, and outlives it.</param>
    /// <param name="cache">As large as the router's.</param>
    public DraftModel(Checkpoint checkpoint, IBackend backend, CacheOptions cache)
    {
        _experts = new LocalExpertPool(backend, checkpoint, ExpertLayout.For(checkpoint.Config));
        Model = Qwen3Model.Load(checkpoint, backend, _experts, cache);
    }

    /// <summary>The model.</summary>
    public Qwen3Model Model { get; }

    /// <summary>Frees weights and cache.</summary>
    public void Dispose()
    {
        Model.Dispose();
        _experts.Dispose();
    }
}
