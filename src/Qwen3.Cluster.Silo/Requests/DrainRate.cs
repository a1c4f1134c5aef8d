namespace Qwen3.Cluster.Silo.Requests;

/// <summary>How fast a router's queue moves, as measured: the time of steps that it takes until one more request has ended.</summary>
internal sealed class DrainRate
{
    // A new measurement counts for this share of the mean.
    private const double Weight = 0.2;

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(1);

    private TimeSpan _sinceLastEnd;
    private TimeSpan? _mean;

    /// <summary>The mean so far; null while no request has ended.</summary>
    public TimeSpan? Mean => _mean;

    /// <summary>When a place in a full queue may be free: the mean so far, 0.1 s to 1 min; 1 s while no request has ended.</summary>
    public TimeSpan RetryAfter => TimeSpan.FromTicks(Math.Clamp((_mean ?? TimeSpan.FromSeconds(1)).Ticks, Least.Ticks, Most.Ticks));

    /// <summary>A step ran. Time without work does not count.</summary>
    public void AddStep(TimeSpan duration) => _sinceLastEnd += duration;

    /// <summary>Requests ended with the latest step.</summary>
    public void AddEnded(int count)
    {
        for (int i = 0; i < count; i++)
        {
            TimeSpan measured = i == 0 ? _sinceLastEnd : TimeSpan.Zero;
            _mean = _mean is { } mean ? mean + (Weight * (measured - mean)) : measured;
            _sinceLastEnd = TimeSpan.Zero;
        }
    }
}
