using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Checkpoints.Gguf;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// A matrix (or a vector, as one row) in memory that is not copied: a mapped file's, or an array's. Slices share the memory.
/// A view keeps its memory alive: whoever uses <see cref="Data"/> holds on to the view meanwhile.
/// </summary>
public sealed unsafe class TensorView
{
    private readonly object _owner;
    private readonly int[] _shape;
    private readonly BlockScales? _scales;

    internal TensorView(
        string name, byte* data, TensorType type, int[] shape, long rowStride, object owner, BlockScales? scales, int firstRow = 0, int firstColumn = 0)
    {
        Name = name;
        Data = data;
        Type = type;
        _shape = shape;
        RowStride = rowStride;
        _owner = owner;
        _scales = scales;
        FirstRow = firstRow;
        FirstColumn = firstColumn;
    }

    /// <summary>The tensor's name in the checkpoint, for messages.</summary>
    public string Name { get; }

    /// <summary>
    /// The first element. Little endian; not necessarily aligned to the element's size. Where the type <see cref="TensorTypes.IsBlocked"/>,
    /// the first byte of the whole tensor, of which this view begins at <see cref="FirstRow"/> and <see cref="FirstColumn"/>.
    /// </summary>
    public byte* Data { get; }

    public TensorType Type { get; }

    /// <summary>[rows, columns], or [columns] for a vector.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>1 for a vector.</summary>
    public int Rows => _shape.Length == 2 ? _shape[0] : 1;

    public int Columns => _shape.Length == 0 ? 1 : _shape[^1];

    /// <summary>Elements from the start of one row to the start of the next; more than <see cref="Columns"/> in a slice of columns.</summary>
    public long RowStride { get; }

    /// <summary>In a slice of a tensor of blocks, which of the tensor's rows is its first; else 0.</summary>
    public int FirstRow { get; }

    /// <summary>In a slice of a tensor of blocks, which of the tensor's columns is its first; else 0.</summary>
    public int FirstColumn { get; }

    /// <summary>Whether the rows follow each other without gaps.</summary>
    public bool IsContiguous => RowStride == Columns || Rows == 1;

    /// <summary>Whether a value is its stored element times its block's scale, so that <see cref="Data"/> alone is not the weights.</summary>
    public bool IsBlockScaled => _scales is not null;

    /// <summary>A view on a copy of <paramref name="values"/>, row by row. Throws <see cref="ArgumentException"/> when the shape has another number of elements.</summary>
    public static TensorView FromFloats(string name, ReadOnlySpan<float> values, params int[] shape)
    {
        long count = shape.Aggregate(1L, (product, dimension) => checked(product * dimension));
        if (shape.Length is < 1 or > 2 || count != values.Length)
        {
            throw new ArgumentException($"{values.Length} values do not fill the shape {TensorInfo.FormatShape(shape)}.", nameof(shape));
        }

        float[] pinned = GC.AllocateUninitializedArray<float>(values.Length, pinned: true);
        values.CopyTo(pinned);
        byte* data = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
        return new TensorView(name, data, TensorType.F32, [.. shape], shape[^1], pinned, scales: null);
    }

    /// <summary>The first element of a row.</summary>
    /// <exception cref="InvalidOperationException">The type <see cref="TensorTypes.IsBlocked"/>.</exception>
    public byte* Row(int row)
    {
        if (Type.IsBlocked())
        {
            throw new InvalidOperationException($"{this} is stored in blocks: its rows can be copied as floats, not pointed to.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return Data + row * RowStride * Type.Size();
    }

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1, as [count, columns].</summary>
    public TensorView SliceRows(int start, int count)
    {
        CheckRange(start, count, Rows);
        return Type.IsBlocked()
            ? new TensorView(Name, Data, Type, [count, Columns], RowStride, _owner, scales: null, FirstRow + start, FirstColumn)
            : new TensorView(Name, Data + start * RowStride * Type.Size(), Type, [count, Columns], RowStride, _owner, _scales?.Slice(start, 0));
    }

    /// <summary>Columns <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1 of every row. The rows keep their distance.</summary>
    public TensorView SliceColumns(int start, int count)
    {
        CheckRange(start, count, Columns);
        int[] shape = _shape.Length == 2 ? [Rows, count] : [count];
        return Type.IsBlocked()
            ? new TensorView(Name, Data, Type, shape, RowStride, _owner, scales: null, FirstRow, FirstColumn + start)
            : new TensorView(Name, Data + (long)start * Type.Size(), Type, shape, RowStride, _owner, _scales?.Slice(0, start));
    }

    /// <summary>Writes one row as float32, exactly; block-quantised weights come multiplied by their scales.</summary>
    /// <param name="row">0 to <see cref="Rows"/> - 1.</param>
    /// <param name="destination">[<see cref="Columns"/>].</param>
    public void CopyRowTo(int row, Span<float> destination)
    {
        if (destination.Length != Columns)
        {
            throw new ArgumentException($"A row of {Name} has {Columns} elements, the destination {destination.Length}.", nameof(destination));
        }

        if (Type.IsPacked())
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
            int whole = FirstRow + row;
            byte* group = Data + ((nint)(whole / PackedLayout.GroupRows) * PackedLayout.SuperblockCount((int)RowStride) * PackedLayout.SuperblockBytes(Type));
            PackedRows.Read(Type, group, whole % PackedLayout.GroupRows, FirstColumn, destination);
        }
        else if (Type.IsBlocked())
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
            GgmlBlocks.Read(Type, BlockRow(row), FirstColumn, destination);
        }
        else
        {
            FloatConversion.ToFloats(Row(row), Type, destination);
            _scales?.Apply(row, destination);
        }

        GC.KeepAlive(this);
    }

    /// <summary>Writes all rows as float32, one after the other.</summary>
    /// <param name="destination">[<see cref="Rows"/> * <see cref="Columns"/>].</param>
    public void CopyTo(Span<float> destination)
    {
        if (destination.Length != (long)Rows * Columns)
        {
            throw new ArgumentException($"{Name} has {(long)Rows * Columns} elements, the destination {destination.Length}.", nameof(destination));
        }

        for (int row = 0; row < Rows; row++)
        {
            CopyRowTo(row, destination.Slice(row * Columns, Columns));
        }
    }

    /// <summary>All values as float32, [rows * columns], row by row.</summary>
    public float[] ToFloats()
    {
        float[] values = new float[checked(Rows * Columns)];
        CopyTo(values);
        return values;
    }

    /// <summary>The first block of a row of the whole tensor, of which this view's row may be a part; for ggml's types.</summary>
    internal byte* BlockRow(int row) => Data + ((nint)(FirstRow + row) * ((nint)RowStride / GgmlTypes.BlockLength(Type) * GgmlTypes.BlockBytes(Type)));

    public override string ToString() => $"{Name} {Type.FormatName()} {TensorInfo.FormatShape(_shape)}";

    private void CheckRange(int start, int count, int length)
    {
        if (start < 0 || count < 0 || start > length - count)
        {
            throw new ArgumentOutOfRangeException(nameof(start), $"{start} to {(long)start + count} is outside of 0 to {length} in {Name}.");
        }
    }
}
