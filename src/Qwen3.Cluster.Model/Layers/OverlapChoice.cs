namespace Qwen3.Cluster.Model.Layers;

/// <summary>
/// Whether steps run whole or as two halves, of which one computes while the other's experts are asked: halves hide the wire, and read
/// an expert twice that both ask. Which is faster depends on the wire and the batch, so now and then both are measured, one right after the other, and
/// the faster one is taken.
/// </summary>
/// <remarks>It is kept apart for steps of one token a sequence and for steps with chunks of prompts. The choice changes no bit of the result.</remarks>
/// <param name="always">Chooses once and for all; null: by what is measured.</param>
internal sealed class OverlapChoice(bool? always = null)
{
    // The first steps try both ways by turns.
    private const int FirstTries = 4;

    // Later one step in so many tries the way that was slower so far.
    private const int TryEvery = 32;

    // A new pair of neighbouring steps counts for this share of the mean, and for no more than this: one of the two may have been held up by
    // something else on the machine, and a few pairs that agree say more than one that is loud.
    private const double Weight = 0.2;
    private const double MostOfPair = 0.2;

    private readonly State _decodes = new();
    private readonly State _chunks = new();

    /// <summary>Whether halves were faster so far.</summary>
    /// <param name="hasChunks">Of steps with chunks of prompts.</param>
    public bool PrefersHalves(bool hasChunks) => always ?? StateOf(hasChunks).Advantage > 0;

    /// <summary>Whether the next step runs as halves.</summary>
    /// <param name="hasChunks">Whether it has chunks of prompts.</param>
    public bool RunsHalves(bool hasChunks)
    {
        if (always is { } chosen)
        {
            return chosen;
        }

        long step = StateOf(hasChunks).Steps++;
        return step < FirstTries ? step % 2 != 0 : PrefersHalves(hasChunks) != (step % TryEvery == 0);
    }

    /// <summary>Adds what a step took.</summary>
    /// <param name="hasChunks">Whether it had chunks of prompts.</param>
    /// <param name="halves">Whether it ran as halves.</param>
    /// <param name="ticks">Its time; any unit.</param>
    /// <param name="rows">Its rows; 1 or more.</param>
    public void Add(bool hasChunks, bool halves, long ticks, int rows)
    {
        State state = StateOf(hasChunks);
        double ofRow = (double)Math.Max(1, ticks) / rows;
        if (state.LastOfRow > 0 && state.LastRanHalves != halves)
        {
            double advantage = halves ? Math.Log(state.LastOfRow / ofRow) : Math.Log(ofRow / state.LastOfRow);
            state.Pairs++;
            state.Advantage += Math.Max(Weight, 1.0 / state.Pairs) * (Math.Clamp(advantage, -MostOfPair, MostOfPair) - state.Advantage);
        }

        (state.LastOfRow, state.LastRanHalves) = (ofRow, halves);
    }

    private State StateOf(bool hasChunks) => hasChunks ? _chunks : _decodes;

    private sealed class State
    {
        public long Steps { get; set; }

        // The mean of ln(time of a whole step / time of one in halves), over pairs.
        public double Advantage { get; set; }

        public int Pairs { get; set; }

        // Of the last step, for one row; 0: there was none.
        public double LastOfRow { get; set; }

        public bool LastRanHalves { get; set; }
    }
}
