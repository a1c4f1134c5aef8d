namespace Qwen3.Cluster.Model.Backends;

/// <summary>Keys (after norm and rotation) and values of all layers, in pages that the engine hands out to sequences.</summary>
/// <param name="shape">Its size.</param>
public abstract class KvCache(KvCacheShape shape) : IDisposable
{
    /// <summary>Its size.</summary>
    public KvCacheShape Shape { get; } = shape;

    /// <summary>Frees the memory.</summary>
    public abstract void Dispose();
}
