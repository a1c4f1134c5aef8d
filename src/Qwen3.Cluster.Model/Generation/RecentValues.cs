namespace Qwen3.Cluster.Model.Generation;

/// <summary>The latest values of something that is measured again and again. Order statistics of few values: one that is far out moves nothing.</summary>
/// <param name="capacity">How many are kept; 1 or more.</param>
internal sealed class RecentValues(int capacity)
{
    private readonly double[] _values = new double[capacity];
    private readonly double[] _sorted = new double[capacity];
    private int _next;

    /// <summary>How many there are, up to the capacity.</summary>
    public int Count { get; private set; }

    /// <summary>The mean of those there are, without the largest tenth; 0 when there is none.</summary>
    public double Mean { get; private set; }

    /// <summary>The mean of all; 0 when there is none.</summary>
    public double MeanOfAll { get; private set; }

    /// <summary>Adds one; the oldest goes when there are too many.</summary>
    public void Add(double value)
    {
        _values[_next] = value;
        _next = (_next + 1) % _values.Length;
        Count = Math.Min(Count + 1, _values.Length);
        _values.AsSpan(0, Count).CopyTo(_sorted);
        Span<double> sorted = _sorted.AsSpan(0, Count);
        sorted.Sort();
        int kept = Count - (Count / 10);
        double sum = 0;
        foreach (double each in sorted[..kept])
        {
            sum += each;
        }

        Mean = sum / kept;
        foreach (double each in sorted[kept..])
        {
            sum += each;
        }

        MeanOfAll = sum / Count;
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => (Count, Mean, MeanOfAll, _next) = (0, 0, 0, 0);

    /// <summary>The value that this share of them does not exceed; 0 when there is none.</summary>
    /// <param name="share">0 to 1.</param>
    public double Quantile(double share) => Count == 0 ? 0 : _sorted[(int)(share * (Count - 1))];
}
