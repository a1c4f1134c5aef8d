using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Layers;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Torch;

/// <summary>
/// The paged cache on a device. For each layer keys and values [places, KV heads, D]; place = page · PageSize + offset. Eight bits have scales
/// [places, KV heads, 1] beside them.
/// </summary>
internal sealed class TorchKvCache(KvCacheShape shape, Device device) : KvCache(shape)
{
    private const float MostOfByte = 127f;

    // Numbers below it are zeros.
    private const float LeastScale = 1.17549435e-38f;

    private readonly Tensor[] keys = Allocate(shape, device, shape.HeadDim, NumbersOf(shape.Format));
    private readonly Tensor[] values = Allocate(shape, device, shape.HeadDim, NumbersOf(shape.Format));
    private readonly Tensor[] keyScales = shape.Format == CacheFormat.Q8 ? Allocate(shape, device, 1, float32) : [];
    private readonly Tensor[] valueScales = shape.Format == CacheFormat.Q8 ? Allocate(shape, device, 1, float32) : [];

    /// <summary>Puts the rows of a step [rows, KV heads, D] where their sequences' pages say.</summary>
    public void Store(int layer, ReadOnlySpan<SequenceSlice> slices, Tensor newKeys, Tensor newValues)
    {
        int[] places = new int[newKeys.shape[0]];
        foreach (SequenceSlice slice in slices)
        {
            for (int i = 0; i < slice.RowCount; i++)
            {
                places[slice.FirstRow + i] = PlaceOf(slice, slice.FirstPosition + i);
            }
        }

        using Tensor indices = HostMemory.Indices(places, device).to_type(int64);
        Store(keys[layer], keyScales.ElementAtOrDefault(layer), indices, newKeys);
        Store(values[layer], valueScales.ElementAtOrDefault(layer), indices, newValues);
    }

    /// <summary>A sequence's keys and values in float32, [positions, KV heads, D], up to the slice's last row.</summary>
    public (Tensor Keys, Tensor Values) Gather(int layer, SequenceSlice slice)
    {
        int[] places = new int[slice.FirstPosition + slice.RowCount];
        for (int position = 0; position < places.Length; position++)
        {
            places[position] = PlaceOf(slice, position);
        }

        using Tensor indices = HostMemory.Indices(places, device);
        return (
            Gather(keys[layer], keyScales.ElementAtOrDefault(layer), indices),
            Gather(values[layer], valueScales.ElementAtOrDefault(layer), indices));
    }

    public override void Dispose()
    {
        foreach (Tensor tensor in (Tensor[])[.. keys, .. values, .. keyScales, .. valueScales])
        {
            tensor.Dispose();
        }
    }

    private static void Store(Tensor numbers, Tensor? scales, Tensor indices, Tensor rows)
    {
        if (scales is null)
        {
            numbers.index_copy_(0, indices, rows.to_type(numbers.dtype));
            return;
        }

        Tensor scale = rows.abs().amax([-1L], keepdim: true) / MostOfByte;
        scales.index_copy_(0, indices, scale);
        numbers.index_copy_(0, indices, (rows / scale.clamp_min(LeastScale)).round().clamp(-MostOfByte, MostOfByte).to_type(int8));
    }

    private static Tensor Gather(Tensor numbers, Tensor? scales, Tensor indices)
    {
        Tensor rows = numbers.index_select(0, indices).to_type(float32);
        return scales is null ? rows : rows * scales.index_select(0, indices);
    }

    private static ScalarType NumbersOf(CacheFormat format) => format switch
    {
        CacheFormat.F32 => float32,
        CacheFormat.BF16 => bfloat16,
        _ => int8,
    };

    private static Tensor[] Allocate(KvCacheShape shape, Device device, int columns, ScalarType type) =>
        [.. Enumerable.Range(0, shape.LayerCount)
            .Select(_ => zeros([(long)shape.PageCount * shape.PageSize, shape.KeyValueHeadCount, columns], type, device))];

    private int PlaceOf(SequenceSlice slice, int position) =>
        checked((slice.Pages.Span[position / Shape.PageSize] * Shape.PageSize) + (position % Shape.PageSize));
}
