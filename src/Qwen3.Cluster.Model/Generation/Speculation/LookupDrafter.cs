namespace Qwen3.Cluster.Model.Generation.Speculation;

/// <summary>
/// Prompt look-up (Saxena 2023; n-gram speculation in vLLM): what followed the last three tokens of the sequence where they stood before, or else the
/// last two. It runs on into its own drafts, so that a short period is drafted as often as it is wanted.
/// </summary>
internal sealed class LookupDrafter : IDrafter
{
    /// <inheritdoc/>
    public bool IsFree => true;

    /// <inheritdoc/>
    public void Draft(Sequence sequence, int count)
    {
        int from = sequence.Lookup.Find(sequence.Tokens);
        for (int drafted = 0; from >= 0 && drafted < count; drafted++)
        {
            sequence.AddDraft(sequence.TokenOrDraft(from + drafted));
        }
    }

    /// <inheritdoc/>
    public void Forget(Sequence sequence)
    {
        // What it knows of a sequence is the sequence's own.
    }
}
