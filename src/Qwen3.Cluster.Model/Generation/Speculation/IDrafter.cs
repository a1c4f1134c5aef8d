namespace Qwen3.Cluster.Model.Generation.Speculation;

/// <summary>Guesses what comes next in sequences. A wrong guess costs a row of a step and never changes a token.</summary>
internal interface IDrafter
{
    /// <summary>Whether a draft costs next to nothing until it runs.</summary>
    bool IsFree { get; }

    /// <summary>Appends at most so many drafts to a sequence that has none (<see cref="Sequence.AddDraft"/>).</summary>
    /// <param name="sequence">The sequence; 1 token or more.</param>
    /// <param name="count">How many are wanted; 1 or more.</param>
    void Draft(Sequence sequence, int count);

    /// <summary>A sequence has left; it may come back, as one that was never seen.</summary>
    void Forget(Sequence sequence);
}
