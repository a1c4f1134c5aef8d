namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Rows in native memory, each padded to a multiple of 16 with zeros that nobody overwrites.</summary>
internal sealed unsafe class SimdActivation(int columns) : Activation(columns)
{
    private readonly AlignedBuffer _buffer = new();
    private readonly QuantizedRows _quantized = new();
    private bool _isQuantized;

    /// <summary>Numbers from one row to the next.</summary>
    public nint Stride { get; } = SimdWeight.RoundUp(columns);

    public float* Data => _buffer.Data;

    public override void Resize(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        _buffer.EnsureRoom(rows * Stride);
        Rows = rows;
        Changed();
    }

    public float* Row(int row) => Data + (row * Stride);

    public Span<float> Values(int row) => new(Row(row), Columns);

    /// <summary>The rows as bytes: made when they are first asked for, and good until the rows are written again.</summary>
    public QuantizedRows Quantized(ComputeTeam team)
    {
        if (!_isQuantized)
        {
            _quantized.Fill(team, Data, Stride, Rows, Columns);
            _isQuantized = true;
        }

        return _quantized;
    }

    /// <summary>Whoever has written to the rows says so.</summary>
    public void Changed() => _isQuantized = false;

    public override void Dispose()
    {
        _buffer.Dispose();
        _quantized.Dispose();
    }
}
