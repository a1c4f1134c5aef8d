using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>
/// When a router could have answered one more request: its place in line, by slack, at the rate at which places become free, and the shortest reply
/// at the speed just measured. Whoever is in line already keeps what it was promised: a request that would make another late comes too late itself.
/// </summary>
/// <param name="metrics">The router's engine.</param>
/// <param name="drain">How long it takes until one more request has ended; null: none has.</param>
/// <param name="arriving">Requests that were let in and are not in the metrics yet.</param>
/// <param name="time">The engine's clock.</param>
internal sealed class ReplyForecast(EngineMetrics metrics, TimeSpan? drain, int arriving, TimeProvider time)
{
    private static readonly TimeSpan LeastRetry = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan MostRetry = TimeSpan.FromMinutes(1);

    private readonly long _now = time.GetTimestamp();

    // Where pages are lacking, a free place is of no use; places that become free bring some. Who has only just come waits for nothing but the next step.
    private readonly int _free = metrics.LacksPages ? 0 : Math.Max(0, metrics.MaxSequences - metrics.Running);

    // What deadlines cut short makes places free sooner than what is promised here: planning with that alone would let in more and more, and cut all.
    private readonly TimeSpan _drain = Longer(drain ?? TimeSpan.Zero, metrics.Pace.WholeReplyInterval(metrics.MaxSequences));

    /// <summary>Whether enough was measured, and lately enough, to say anything.</summary>
    public bool IsKnown => metrics.Pace.IsKnown && time.GetElapsedTime(metrics.Pace.MeasuredAt, _now) <= EnginePace.Lifetime;

    /// <summary>The shortest response time that could be met.</summary>
    /// <param name="least">What the shortest reply takes once it is begun, see <see cref="EnginePace.LeastReplyTime"/>.</param>
    /// <param name="usual">What replies usually take, see <see cref="EnginePace.UsualReplyTime"/>.</param>
    public TimeSpan Earliest(TimeSpan least, TimeSpan usual) => Earliest(Work(least, usual));

    // With a place free a short answer is worth a try. Where others wait for places, one that has no time for its thinking, and is likely to be wrong,
    // takes it from one that has.
    private TimeSpan Work(TimeSpan least, TimeSpan usual) => _free > arriving + metrics.LatestStarts.Count ? least : usual;

    private TimeSpan Earliest(TimeSpan work)
    {
        IReadOnlyList<long> line = metrics.LatestStarts;
        TimeSpan best = TimeSpan.MaxValue;
        for (int place = FirstPlace(); place <= line.Count; place++)
        {
            TimeSpan behind = place == 0 ? TimeSpan.Zero : Until(line[place - 1]);
            TimeSpan start = Longer(Start(place), behind);
            best = start + work < best ? start + work : best;
        }

        return best;
    }

    /// <summary>Lets a request in that can be in time.</summary>
    /// <param name="model">The model.</param>
    /// <param name="least">As in <see cref="Earliest(TimeSpan, TimeSpan)"/>.</param>
    /// <param name="usual">As there.</param>
    /// <param name="left">What is left of its response time.</param>
    /// <param name="spent">What has gone of it.</param>
    /// <exception cref="ResponseTimeException">It cannot.</exception>
    public void Check(string model, TimeSpan least, TimeSpan usual, TimeSpan left, TimeSpan spent)
    {
        TimeSpan work = Work(least, usual);
        if (!IsKnown || CanBeMet(work, left))
        {
            return;
        }

        // Shorter than the shortest reply: only a lighter load makes the steps faster.
        TimeSpan earliest = Earliest(least, usual);
        TimeSpan wait = left >= work ? earliest - left : Start(metrics.LatestStarts.Count + metrics.Running);
        TimeSpan retryAfter = TimeSpan.FromTicks(Math.Clamp(wait.Ticks, LeastRetry.Ticks, MostRetry.Ticks));
        earliest += spent;
        throw new ResponseTimeException(
            earliest,
            retryAfter,
            FormattableString.Invariant(
                $"The model '{model}' cannot answer within {(left + spent).TotalSeconds:0.00} s: the shortest response time that it could meet now is {Math.Ceiling(earliest.TotalSeconds * 100) / 100:0.00} s, so ask for that or come back in {retryAfter.TotalSeconds:0.0} s."));
    }

    private bool CanBeMet(TimeSpan work, TimeSpan left)
    {
        int place = metrics.LatestStarts.Count(latest => Until(latest) <= left - work);
        return Start(place) <= left - work && place >= FirstPlace();
    }

    // Behind the last one who cannot be one place further back; who is late in any case does not count.
    private int FirstPlace()
    {
        int place = metrics.LatestStarts.Count;
        for (; place > 0; place--)
        {
            TimeSpan slack = Until(metrics.LatestStarts[place - 1]);
            if (Start(place) > slack && Start(place - 1) <= slack)
            {
                break;
            }
        }

        return place;
    }

    private TimeSpan Start(int place) => Math.Max(0, place + arriving - _free + 1) * _drain;

    private TimeSpan Until(long timestamp) => time.GetElapsedTime(_now, timestamp);

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
