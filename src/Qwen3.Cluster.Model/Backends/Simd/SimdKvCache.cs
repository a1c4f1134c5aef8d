using System.Numerics;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// For each layer and page and head: the keys turned, [D, PageSize], so that a register holds one element of many positions,
/// and the values as they come, [PageSize, D], so that it holds many elements of one position. No sum runs across a register,
/// and so no bits depend on its width. Rows are padded for whole pairs of registers.
/// </summary>
internal sealed unsafe class SimdKvCache : KvCache
{
    private readonly AlignedBuffer[] _layers;

    public SimdKvCache(KvCacheShape shape)
        : base(shape)
    {
        int unit = Math.Max(16, 2 * Vector<float>.Count);
        KeyStride = (shape.PageSize + unit - 1) / unit * unit;
        ValueStride = (shape.HeadDim + unit - 1) / unit * unit;
        long pages = (long)shape.PageCount * shape.KeyValueHeadCount;
        _layers = new AlignedBuffer[shape.LayerCount];
        for (int layer = 0; layer < shape.LayerCount; layer++)
        {
            _layers[layer] = new AlignedBuffer(checked(pages * HeadLength));
        }
    }

    /// <summary>Numbers from one element of the keys to the next.</summary>
    public int KeyStride { get; }

    /// <summary>Numbers from one position of the values to the next.</summary>
    public int ValueStride { get; }

    private long KeyLength => (long)Shape.HeadDim * KeyStride;

    private long HeadLength => KeyLength + ((long)Shape.PageSize * ValueStride);

    /// <summary>The keys of a head in a page, [D, PageSize].</summary>
    public float* Keys(int layer, int page, int head) => _layers[layer].Data + ((((long)page * Shape.KeyValueHeadCount) + head) * HeadLength);

    /// <summary>The values of a head in a page, [PageSize, D].</summary>
    public float* Values(int layer, int page, int head) => Keys(layer, page, head) + KeyLength;

    public override void Dispose()
    {
        foreach (AlignedBuffer layer in _layers)
        {
            layer.Dispose();
        }
    }
}
