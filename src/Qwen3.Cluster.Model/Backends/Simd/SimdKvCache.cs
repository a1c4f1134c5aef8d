using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// For each layer and page and head: the keys turned, [D, PageSize], so that a register holds one element of many positions,
/// and the values as they come, [PageSize, D], so that it holds many elements of one position. No sum runs across a register,
/// and so no bits depend on its width. Rows are padded to multiples of 16. Eight bits have the scales of the keys and of the values after them.
/// </summary>
internal sealed unsafe class SimdKvCache : KvCache
{
    private const int Alignment = 64;

    private readonly AlignedBuffer[] _layers;
    private readonly int _size;
    private readonly long _keyBytes;
    private readonly long _valueBytes;
    private readonly long _headBytes;

    public SimdKvCache(KvCacheShape shape)
        : base(shape)
    {
        KeyStride = SimdWeight.RoundUp(shape.PageSize);
        ValueStride = SimdWeight.RoundUp(shape.HeadDim);
        _size = CacheNumbers.SizeOf(shape.Format);
        _keyBytes = (long)shape.HeadDim * KeyStride * _size;
        _valueBytes = (long)shape.PageSize * ValueStride * _size;
        long scaleBytes = shape.Format == CacheFormat.Q8 ? 2L * KeyStride * sizeof(float) : 0;
        _headBytes = (_keyBytes + _valueBytes + scaleBytes + Alignment - 1) & -Alignment;
        long pages = (long)shape.PageCount * shape.KeyValueHeadCount;
        _layers = new AlignedBuffer[shape.LayerCount];
        for (int layer = 0; layer < shape.LayerCount; layer++)
        {
            _layers[layer] = new AlignedBuffer(checked(pages * _headBytes) / sizeof(float));
        }
    }

    /// <summary>Numbers from one element of the keys to the next.</summary>
    public int KeyStride { get; }

    /// <summary>Numbers from one position of the values to the next.</summary>
    public int ValueStride { get; }

    /// <summary>The keys of a head in a page, [D, PageSize]. Sixteen may be read from any position on: what is beyond the last does not count.</summary>
    public byte* Keys(int layer, int page, int head) =>
        (byte*)_layers[layer].Data + ((((long)page * Shape.KeyValueHeadCount) + head) * _headBytes);

    /// <summary>The values of a head in a page, [PageSize, D].</summary>
    public byte* Values(int layer, int page, int head) => Keys(layer, page, head) + _keyBytes;

    /// <summary>The scales of a head's keys in a page, [PageSize]; nothing where the numbers have none.</summary>
    public float* KeyScales(int layer, int page, int head) => (float*)(Values(layer, page, head) + _valueBytes);

    /// <summary>The scales of the values, [PageSize].</summary>
    public float* ValueScales(int layer, int page, int head) => KeyScales(layer, page, head) + KeyStride;

    /// <summary>Keeps the key and the value [D] of a head at a position of a page.</summary>
    public void Store(int layer, int page, int head, int offset, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        byte* keys = Keys(layer, page, head) + ((nint)offset * _size);
        byte* values = Values(layer, page, head) + ((nint)offset * ValueStride * _size);
        nint step = (nint)KeyStride * _size;
        switch (Shape.Format)
        {
            case CacheFormat.F32:
                for (int d = 0; d < key.Length; d++, keys += step)
                {
                    *(float*)keys = key[d];
                }

                value.CopyTo(new Span<float>(values, value.Length));
                break;
            case CacheFormat.BF16:
                for (int d = 0; d < key.Length; d++, keys += step)
                {
                    *(ushort*)keys = FloatConversion.ToBFloat16(key[d]);
                }

                FloatConversion.ToBFloat16(value, new Span<byte>(values, value.Length * sizeof(ushort)));
                break;
            default:
                StoreBytes(key, (sbyte*)keys, step, KeyScales(layer, page, head) + offset);
                StoreBytes(value, (sbyte*)values, 1, ValueScales(layer, page, head) + offset);
                break;
        }
    }

    public override void Dispose()
    {
        foreach (AlignedBuffer layer in _layers)
        {
            layer.Dispose();
        }
    }

    private static void StoreBytes(ReadOnlySpan<float> numbers, sbyte* target, nint step, float* scale)
    {
        *scale = CacheNumbers.ScaleOf(numbers);
        float inverse = CacheNumbers.InverseOf(*scale);
        foreach (float number in numbers)
        {
            *target = CacheNumbers.ToByte(number, inverse);
            target += step;
        }
    }
}
