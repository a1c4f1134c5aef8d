namespace Qwen3.Cluster.Model.Backends;

/// <summary>The size of a paged cache: [LayerCount, PageCount, PageSize, KeyValueHeadCount, HeadDim], once for keys and once for values.</summary>
/// <param name="LayerCount">Layers of the model.</param>
/// <param name="PageCount">Pages; their ids are 0 to PageCount − 1.</param>
/// <param name="PageSize">Positions that a page holds.</param>
/// <param name="KeyValueHeadCount">Heads of keys and values.</param>
/// <param name="HeadDim">Length of a key or value.</param>
/// <param name="Format">How its numbers are kept.</param>
public readonly record struct KvCacheShape(int LayerCount, int PageCount, int PageSize, int KeyValueHeadCount, int HeadDim, CacheFormat Format = CacheFormat.F32)
{
    /// <summary>Bytes of the keys and values of one position, over all layers and heads.</summary>
    public long BytesOfPosition => 2L * LayerCount * KeyValueHeadCount * CacheNumbers.BytesOf(HeadDim, Format);

    /// <summary>Bytes of all of it; a back-end may pad.</summary>
    public long ByteCount => (long)PageCount * PageSize * BytesOfPosition;
}
