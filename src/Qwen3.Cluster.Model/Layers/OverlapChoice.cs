namespace Qwen3.Cluster.Model.Layers;

/// <summary>
/// Whether steps run whole or as two halves, of which one computes while the other's experts are asked: halves hide the wire, and read
/// an expert twice that both ask. Which is faster depends on the wire and the batch, so both are measured, now and then, and the faster one is taken.
/// </summary>
/// <remarks>Means are kept apart for steps of one token a sequence and for steps with chunks of prompts. The choice changes no bit of the result.</remarks>
/// <param name="always">Chooses once and for all; null: by what is measured.</param>
internal sealed class OverlapChoice(bool? always = null)
{
    // One step in so many tries the way that was slower so far.
    private const int TryEvery = 32;

    // A new measurement counts for this share of the mean.
    private const double Weight = 0.2;

    private readonly double[] _meanTicks = new double[4]; // of a row; [chunks? 2 : 0 | halves? 1 : 0]; 0: not measured yet
    private int _steps;

    /// <summary>Whether halves were faster so far.</summary>
    /// <param name="hasChunks">Of steps with chunks of prompts.</param>
    public bool PrefersHalves(bool hasChunks) => always ?? _meanTicks[hasChunks ? 3 : 1] < _meanTicks[hasChunks ? 2 : 0];

    /// <summary>Whether the next step runs as halves.</summary>
    /// <param name="hasChunks">Whether it has chunks of prompts.</param>
    public bool RunsHalves(bool hasChunks)
    {
        if (always is { } chosen)
        {
            return chosen;
        }

        int kind = hasChunks ? 2 : 0;
        if (_meanTicks[kind] == 0 || _meanTicks[kind + 1] == 0)
        {
            return _meanTicks[kind] != 0;
        }

        return ++_steps % TryEvery == 0 ? !PrefersHalves(hasChunks) : PrefersHalves(hasChunks);
    }

    /// <summary>Adds what a step took.</summary>
    /// <param name="hasChunks">Whether it had chunks of prompts.</param>
    /// <param name="halves">Whether it ran as halves.</param>
    /// <param name="ticks">Its time; any unit.</param>
    /// <param name="rows">Its rows; 1 or more.</param>
    public void Add(bool hasChunks, bool halves, long ticks, int rows)
    {
        ref double mean = ref _meanTicks[(hasChunks ? 2 : 0) + (halves ? 1 : 0)];
        double ofRow = (double)Math.Max(1, ticks) / rows;
        mean = mean == 0 ? ofRow : mean + (Weight * (ofRow - mean));
    }
}
