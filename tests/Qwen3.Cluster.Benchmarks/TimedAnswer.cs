using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>What became of a <see cref="TimedQuestion"/>.</summary>
/// <param name="IsAdmitted">It was not refused.</param>
/// <param name="Late">How much later than wanted its last event came; negative: sooner.</param>
/// <param name="IsRight">The answer has the right sum.</param>
/// <param name="End">The reply's end; null: there was none.</param>
internal sealed record TimedAnswer(bool IsAdmitted, TimeSpan Late, bool IsRight, ReplyFinished? End)
{
    // What a reply may be late by, for the way from the server's clock to the client's.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(50);

    /// <summary>It ended by its deadline.</summary>
    public bool IsInTime => IsAdmitted && End is not null && Late <= Tolerance;
}
