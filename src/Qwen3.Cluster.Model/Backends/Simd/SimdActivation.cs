namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Rows in native memory, each padded to a multiple of 16 with zeros that nobody overwrites.</summary>
internal sealed unsafe class SimdActivation(int columns) : Activation(columns)
{
    private readonly AlignedBuffer _buffer = new();

    /// <summary>Numbers from one row to the next.</summary>
    public nint Stride { get; } = SimdWeight.RoundUp(columns);

    public float* Data => _buffer.Data;

    public override void Resize(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        _buffer.EnsureRoom(rows * Stride);
        Rows = rows;
    }

    public float* Row(int row) => Data + (row * Stride);

    public Span<float> Values(int row) => new(Row(row), Columns);

    public override void Dispose() => _buffer.Dispose();
}
