using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.UnitTests.Backends.Simd;

public sealed unsafe class SimdKvCacheTests
{
    private const int Layers = 2, Pages = 3, PageSize = 5, Heads = 2, Dim = 24;

    private readonly Random _random = new(3);

    [Theory]
    [InlineData(CacheFormat.F32)]
    [InlineData(CacheFormat.BF16)]
    [InlineData(CacheFormat.Q8)]
    public void Keeps_what_the_format_can_of_each_place(CacheFormat format)
    {
        using SimdKvCache cache = new(new KvCacheShape(Layers, Pages, PageSize, Heads, Dim, format));
        Dictionary<(int Layer, int Page, int Head, int Offset), (float[] Key, float[] Value)> stored = [];
        foreach (int layer in Enumerable.Range(0, Layers))
        {
            foreach (int place in Enumerable.Range(0, Pages * Heads * PageSize))
            {
                (int page, int head, int offset) = (place / (Heads * PageSize), place / PageSize % Heads, place % PageSize);
                (float[] key, float[] value) = (Numbers(), Numbers());
                cache.Store(layer, page, head, offset, key, value);
                CacheNumbers.Round(key, format);
                CacheNumbers.Round(value, format);
                stored[(layer, page, head, offset)] = (key, value);
            }
        }

        foreach (((int layer, int page, int head, int offset), (float[] key, float[] value)) in stored)
        {
            byte* keys = cache.Keys(layer, page, head), values = cache.Values(layer, page, head);
            float keyScale = format == CacheFormat.Q8 ? cache.KeyScales(layer, page, head)[offset] : 1;
            float valueScale = format == CacheFormat.Q8 ? cache.ValueScales(layer, page, head)[offset] : 1;
            for (int d = 0; d < Dim; d++)
            {
                Assert.Equal(key[d], Read(keys, (d * cache.KeyStride) + offset, format) * keyScale);
                Assert.Equal(value[d], Read(values, (offset * cache.ValueStride) + d, format) * valueScale);
            }
        }
    }

    [Fact]
    public void Eight_bits_are_within_half_a_step_of_the_largest()
    {
        float[] values = Numbers();
        float[] rounded = [.. values];
        CacheNumbers.Round(rounded, CacheFormat.Q8);
        float step = values.Max(MathF.Abs) / 127;
        Assert.All(values.Zip(rounded), pair => Assert.InRange(pair.Second - pair.First, -0.501f * step, 0.501f * step));

        float[] zeros = new float[Dim];
        CacheNumbers.Round(zeros, CacheFormat.Q8);
        Assert.Equal(new float[Dim], zeros);
    }

    [Fact]
    public void The_shape_knows_its_bytes()
    {
        Assert.Equal(2L * Layers * Heads * Dim * 4, new KvCacheShape(Layers, Pages, PageSize, Heads, Dim).BytesOfPosition);
        Assert.Equal(2L * Layers * Heads * Dim * 2, new KvCacheShape(Layers, Pages, PageSize, Heads, Dim, CacheFormat.BF16).BytesOfPosition);
        Assert.Equal(2L * Layers * Heads * (Dim + 4) * Pages * PageSize, new KvCacheShape(Layers, Pages, PageSize, Heads, Dim, CacheFormat.Q8).ByteCount);
    }

    private static float Read(byte* numbers, int index, CacheFormat format) => format switch
    {
        CacheFormat.F32 => ((float*)numbers)[index],
        CacheFormat.BF16 => FloatConversion.FromBFloat16(((ushort*)numbers)[index]),
        _ => ((sbyte*)numbers)[index],
    };

    private float[] Numbers() => [.. Enumerable.Range(0, Dim).Select(_ => 8 * (_random.NextSingle() - 0.5f))];
}
