using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Layers;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Torch;

/// <summary>The paged cache on a device. For each layer keys and values [places, KV heads, D]; place = page · PageSize + offset.</summary>
internal sealed class TorchKvCache(KvCacheShape shape, Device device) : KvCache(shape)
{
    private readonly Tensor[] keys = Allocate(shape, device);
    private readonly Tensor[] values = Allocate(shape, device);

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
        keys[layer].index_copy_(0, indices, newKeys);
        values[layer].index_copy_(0, indices, newValues);
    }

    /// <summary>Copies of a sequence's keys and values, [positions, KV heads, D], up to the slice's last row.</summary>
    public (Tensor Keys, Tensor Values) Gather(int layer, SequenceSlice slice)
    {
        int[] places = new int[slice.FirstPosition + slice.RowCount];
        for (int position = 0; position < places.Length; position++)
        {
            places[position] = PlaceOf(slice, position);
        }

        using Tensor indices = HostMemory.Indices(places, device);
        return (keys[layer].index_select(0, indices), values[layer].index_select(0, indices));
    }

    public override void Dispose()
    {
        foreach (Tensor tensor in keys.Concat(values))
        {
            tensor.Dispose();
        }
    }

    private static Tensor[] Allocate(KvCacheShape shape, Device device) =>
        [.. Enumerable.Range(0, shape.LayerCount)
            .Select(_ => zeros([(long)shape.PageCount * shape.PageSize, shape.KeyValueHeadCount, shape.HeadDim], float32, device))];

    private int PlaceOf(SequenceSlice slice, int position) =>
        checked((slice.Pages.Span[position / Shape.PageSize] * Shape.PageSize) + (position % Shape.PageSize));
}
