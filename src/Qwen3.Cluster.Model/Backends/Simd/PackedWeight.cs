using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>A matrix in <see cref="PackedLayout"/>, used where it lies.</summary>
internal sealed unsafe class PackedWeight : Weight
{
    private readonly TensorView _view; // keeps the memory
    private readonly byte* _data;
    private readonly AlignedBuffer? _owned;

    /// <param name="tensor">One that <see cref="Fits"/>.</param>
    public PackedWeight(TensorView tensor)
        : base(tensor.Rows, tensor.Columns)
    {
        _view = tensor;
        IsFourBits = tensor.Type == TensorType.Q4;
        SuperblockBytes = PackedLayout.SuperblockBytes(tensor.Type);
        SuperblockCount = PackedLayout.SuperblockCount(Columns);
        GroupStride = (nint)PackedLayout.SuperblockCount(checked((int)tensor.RowStride)) * SuperblockBytes;
        _data = tensor.Data
            + (tensor.FirstRow / PackedLayout.GroupRows * GroupStride)
            + (tensor.FirstColumn / PackedLayout.SuperblockColumns * (nint)SuperblockBytes);
    }

    private PackedWeight(TensorView tensor, AlignedBuffer owned)
        : this(tensor) => _owned = owned;

    /// <summary>Else eight.</summary>
    public bool IsFourBits { get; }

    /// <summary>Bytes of one superblock.</summary>
    public int SuperblockBytes { get; }

    /// <summary>Superblocks of a group.</summary>
    public int SuperblockCount { get; }

    /// <summary>Bytes from one group of eight rows to the next.</summary>
    public nint GroupStride { get; }

    public override long ByteCount => (long)PackedLayout.GroupCount(Rows) * SuperblockCount * SuperblockBytes;

    /// <summary>Packs a tensor into memory of the weight's own.</summary>
    public static PackedWeight Pack(TensorView tensor, TensorType type)
    {
        AlignedBuffer owned = new(PackedLayout.ByteCount(type, tensor.Rows, tensor.Columns) / sizeof(float));
        try
        {
            TensorPacker.Pack(tensor, type, (byte*)owned.Data);
        }
        catch
        {
            owned.Dispose();
            throw;
        }

        return new PackedWeight(
            new TensorView(tensor.Name, (byte*)owned.Data, type, [tensor.Rows, tensor.Columns], tensor.Columns, owned, scales: null), owned);
    }

    /// <summary>Whether a view is packed and begins where a group and a superblock begin.</summary>
    public static bool Fits(TensorView tensor) =>
        tensor.Type.IsPacked() && tensor.FirstRow % PackedLayout.GroupRows == 0 && tensor.FirstColumn % PackedLayout.SuperblockColumns == 0;

    /// <summary>The first superblock of a group.</summary>
    public byte* Group(int group) => _data + (group * GroupStride);

    /// <summary>Writes a row as float32.</summary>
    public void CopyRowTo(int row, Span<float> destination) => _view.CopyRowTo(row, destination);

    public override void Fetch()
    {
        if (_owned is null && GroupStride == (nint)SuperblockCount * SuperblockBytes)
        {
            _ = MemoryAdvice.Fetch(_data, (nuint)ByteCount);
        }
    }

    public override void Dispose() => _owned?.Dispose();
}
