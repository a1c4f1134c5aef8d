namespace Qwen3.Cluster.Model.Backends;

/// <summary>The size of a paged cache: [LayerCount, PageCount, PageSize, KeyValueHeadCount, HeadDim], once for keys and once for values.</summary>
/// <param name="LayerCount">Layers of the model.</param>
/// <param name="PageCount">Pages; their ids are 0 to PageCount − 1.</param>
/// <param name="PageSize">Positions that a page holds.</param>
/// <param name="KeyValueHeadCount">Heads of keys and values.</param>
/// <param name="HeadDim">Length of a key or value.</param>
public readonly record struct KvCacheShape(int LayerCount, int PageCount, int PageSize, int KeyValueHeadCount, int HeadDim);
