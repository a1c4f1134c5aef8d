namespace Qwen3.Cluster.Model.Generation.Speculation;

/// <summary>
/// Decides which drafts run. The i-th draft of a sequence gives a token with the chance p^i, p its acceptance rate; it runs while that is more
/// than its row costs, both in tokens, by a tenth of a token at least, for both are estimates: p^i &gt; <see cref="RowCost.Share"/> + 0.1. So a large batch, or a model whose rows are dear, asks for
/// text that repeats itself nearly for certain, and a sequence whose drafts fail goes on without.
/// </summary>
/// <param name="drafter">Guesses.</param>
/// <param name="cost">What a row costs.</param>
/// <param name="options">The engine's.</param>
internal sealed class DraftChoice(IDrafter drafter, RowCost cost, EngineOptions options)
{
    /// <summary>Drafts that a sequence may have in a step.</summary>
    public const int Most = 8;

    private const int TryEvery = 32;
    private const int TriesInARow = 4;

    private const double LeastGain = 0.1;

    // Each has a row of logits, of which large vocabularies make 600 KB.
    private const int MostInStep = 32;

    /// <summary>Gives sequences drafts, and says how many of each are to run (<see cref="Sequence.DraftsToRun"/>).</summary>
    /// <param name="sequences">All that run in the step, with one row each.</param>
    public void Choose(IReadOnlyList<Sequence> sequences)
    {
        int left = Math.Min(MostInStep, options.MaxBatchTokens - sequences.Count);
        double price = LeastGain + cost.Share(sequences.Count);
        foreach (Sequence sequence in sequences)
        {
            // The last token that there is room for has no draft behind it.
            Reply reply = sequence.Reply;
            int most = Math.Min(reply.Request.MaxDraftTokens ?? options.MaxDraftTokens, Math.Min(left, reply.TokensLeft - 1));
            if (most <= 0)
            {
                continue;
            }

            // One is drafted though it does not run, to know whether it would have come true: always where that costs nothing, else now and then.
            int wanted = Math.Min(most, CountWorthwhile(sequence.Acceptance.Value, price));
            int drafted = drafter.IsFree || reply.TokenCount % TryEvery < TriesInARow ? Math.Max(1, wanted) : wanted;
            if (drafted == 0)
            {
                continue;
            }

            drafter.Draft(sequence, drafted);
            sequence.DraftsToRun = Math.Min(wanted, sequence.DraftCount);
            left -= sequence.DraftsToRun;
        }
    }

    /// <summary>A sequence has left.</summary>
    public void Forget(Sequence sequence) => drafter.Forget(sequence);

    private static int CountWorthwhile(double rate, double price)
    {
        int count = 0;
        for (double chance = rate; count < Most && chance > price; chance *= rate)
        {
            count++;
        }

        return count;
    }
}
