using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// A matrix as float32 or bfloat16, rows of a multiple of 16. One that a checkpoint maps like this is used where it lies; else it is copied once:
/// odd rows are padded with zeros, and F16, scaled F8_E4M3 and blocks become float32, because none of them is exact in bfloat16.
/// </summary>
internal sealed unsafe class SimdWeight : Weight
{
    private readonly TensorView? _mapped;
    private readonly AlignedBuffer? _owned;
    private readonly byte* _data;
    private readonly nint _rowBytes;

    public SimdWeight(TensorView tensor)
        : base(tensor.Rows, tensor.Columns)
    {
        IsBFloat16 = tensor.Type == TensorType.BF16 && tensor.Rows > 1;
        PaddedColumns = RoundUp(tensor.Columns);
        int size = IsBFloat16 ? sizeof(ushort) : sizeof(float);
        if ((IsBFloat16 || tensor.Type == TensorType.F32) && !tensor.IsBlockScaled && PaddedColumns == Columns)
        {
            _mapped = tensor;
            _data = tensor.Data;
            _rowBytes = checked((nint)tensor.RowStride * size);
            return;
        }

        _rowBytes = checked((nint)PaddedColumns * size);
        _owned = new AlignedBuffer(((long)_rowBytes * Rows + sizeof(float) - 1) / sizeof(float));
        _data = (byte*)_owned.Data;
        for (int row = 0; row < Rows; row++)
        {
            if (IsBFloat16)
            {
                NativeMemory.Copy(tensor.Row(row), _data + (row * _rowBytes), (nuint)(Columns * sizeof(ushort)));
            }
            else
            {
                tensor.CopyRowTo(row, new Span<float>(_data + (row * _rowBytes), Columns));
            }
        }

        GC.KeepAlive(tensor);
    }

    /// <summary>Else float32.</summary>
    public bool IsBFloat16 { get; }

    /// <summary>Columns, up to a multiple of 16; the elements beyond are zero.</summary>
    public int PaddedColumns { get; }

    /// <summary>Whether the checkpoint's memory is used as it lies there.</summary>
    public bool IsMapped => _mapped is not null;

    public override long ByteCount => (long)Rows * PaddedColumns * (IsBFloat16 ? sizeof(ushort) : sizeof(float));

    /// <summary>The least multiple of 16 that holds so many numbers.</summary>
    public static int RoundUp(int count) => checked(count + 15) & ~15;

    /// <summary>The first element of a row; TWeight is float or ushort, as <see cref="IsBFloat16"/> says.</summary>
    public TWeight* Row<TWeight>(int row)
        where TWeight : unmanaged => (TWeight*)(_data + (row * _rowBytes));

    /// <summary>Writes a row as float32.</summary>
    public void CopyRowTo(int row, Span<float> destination)
    {
        if (!IsBFloat16)
        {
            new ReadOnlySpan<float>(Row<float>(row), Columns).CopyTo(destination);
            return;
        }

        ushort* source = Row<ushort>(row);
        for (int k = 0; k < Columns; k++)
        {
            destination[k] = BitConverter.UInt32BitsToSingle((uint)source[k] << 16);
        }
    }

    public override void Fetch()
    {
        if (_mapped is { IsContiguous: true })
        {
            _ = MemoryAdvice.Fetch(_data, (nuint)ByteCount);
        }
    }

    public override void Dispose() => _owned?.Dispose();
}
