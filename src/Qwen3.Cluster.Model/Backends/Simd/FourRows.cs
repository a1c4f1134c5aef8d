namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Four rows of numbers, of which some may be the same.</summary>
internal readonly unsafe struct FourRows
{
    /// <summary>The first <paramref name="count"/> rows of a matrix; what is missing to four repeats the last.</summary>
    public FourRows(float* first, nint stride, int count)
    {
        Row0 = first;
        Row1 = first + (Math.Min(1, count - 1) * stride);
        Row2 = first + (Math.Min(2, count - 1) * stride);
        Row3 = first + (Math.Min(3, count - 1) * stride);
    }

    private FourRows(float* row0, float* row1, float* row2, float* row3)
    {
        Row0 = row0;
        Row1 = row1;
        Row2 = row2;
        Row3 = row3;
    }

    public float* Row0 { get; }

    public float* Row1 { get; }

    public float* Row2 { get; }

    public float* Row3 { get; }

    /// <summary>The same from another column on.</summary>
    public FourRows From(nint column) => new(Row0 + column, Row1 + column, Row2 + column, Row3 + column);
}
