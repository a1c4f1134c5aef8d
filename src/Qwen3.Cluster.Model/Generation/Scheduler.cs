using Qwen3.Cluster.Model.Generation.Speculation;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// Decides what a step runs. Least slack first: replies under way get their one row each, then chunks of prompts fill the step, the one that
/// has to be begun soonest first, then the next in line is let in if pages for all of its tokens are there. When a reply needs a page and
/// none is left, the one with the most slack is pushed back into the line: it keeps its tokens and computes them again later. The order is
/// fixed at arrival, so that whoever waits comes to the front in the end; only who was not begun in time for a whole reply lets pass, once, those who
/// still can have one: under overload all would come too late else, each because of the one before it.
/// Drafts come last: only into steps without chunks of prompts, which have rows enough, while nobody can be let in, and only with pages that nobody else needs.
/// </summary>
internal sealed class Scheduler(PagedCache cache, DraftChoice drafts, EngineOptions options)
{
    private readonly List<Sequence> _running = [];
    private readonly List<Sequence> _waiting = [];
    private readonly StepPlan _plan = new();
    private (Sequence? First, int FreePages) _blocked;

    /// <summary>Sequences in the batch.</summary>
    public int RunningCount => _running.Count;

    /// <summary>Sequences that wait.</summary>
    public int WaitingCount => _waiting.Count;

    /// <summary>By when each sequence in line that was never in a batch has to be begun, in order.</summary>
    public IReadOnlyList<long> LatestStarts => _waiting.Count == 0 ? [] : [.. _waiting.Where(sequence => !sequence.HasStarted).Select(sequence => sequence.LatestStart)];

    /// <summary>Whether the latest step had to leave or put somebody in line for want of pages.</summary>
    public bool LacksPages { get; private set; }

    /// <summary>Tokens of prompts that were found in the cache.</summary>
    public long CachedTokens { get; private set; }

    /// <summary>Times that a sequence was pushed back.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Puts a sequence in line, at its place in the order of slack.</summary>
    public void Enqueue(Sequence sequence) => InsertInOrder(_waiting, sequence);

    /// <summary>Takes a sequence out, wherever it is, and its pages from it.</summary>
    public void Remove(Sequence sequence)
    {
        if (_running.Remove(sequence) || _waiting.Remove(sequence))
        {
            cache.Release(sequence);
        }

        drafts.Forget(sequence);
    }

    /// <summary>Plans the next step; empty when there is nothing to run. The plan is good until the next call.</summary>
    /// <param name="now">A timestamp of the engine's clock.</param>
    public StepPlan Schedule(long now)
    {
        _plan.Clear(options.MaxBatchTokens);
        _running.ForEach(sequence => sequence.DropDrafts()); // of a step that failed
        LacksPages = ReservePages();
        if (!LacksPages && (_waiting.Count == 0 || _running.Count == options.MaxSequences) && _running.TrueForAll(sequence => sequence.Pending == 1))
        {
            AddDrafts();
        }

        foreach (Sequence sequence in _running)
        {
            if (sequence.Pending == 1)
            {
                _plan.Add(sequence);
            }
        }

        foreach (Sequence sequence in _running)
        {
            if (sequence.Pending > 1)
            {
                _plan.Add(sequence);
            }
        }

        if (!LacksPages)
        {
            LetPass(now);
            LacksPages = !AdmitWaiting();
        }

        return _plan;
    }

    /// <summary>Sees to it that all that run have pages for their tokens, the least slack first; true when some had to be pushed back.</summary>
    private bool ReservePages()
    {
        bool preempted = false;
        for (int index = 0; index < _running.Count; index++)
        {
            while (index < _running.Count && !cache.TryReserve(_running[index]))
            {
                Sequence last = _running[^1];
                _running.RemoveAt(_running.Count - 1);
                cache.Release(last);
                Enqueue(last);
                Preemptions++;
                preempted = true;
            }
        }

        return preempted;
    }

    private void AddDrafts()
    {
        drafts.Choose(_running);
        foreach (Sequence sequence in _running)
        {
            while (!cache.TryReserve(sequence))
            {
                sequence.DraftsToRun--;
            }
        }
    }

    private void LetPass(long now)
    {
        while (_waiting.Count > 0 && _waiting[0] is { HasStarted: false } first && first.LatestStart < now && first.GiveWay())
        {
            _waiting.RemoveAt(0);
            InsertInOrder(_waiting, first);
        }
    }

    /// <summary>Lets in who is next, as long as there are places and rows; false when one had to stay in line for want of pages.</summary>
    private bool AdmitWaiting()
    {
        while (_waiting.Count > 0 && _running.Count < options.MaxSequences && _plan.RowsLeft > 0)
        {
            Sequence next = _waiting[0];
            if (next == _blocked.First && cache.FreePages <= _blocked.FreePages)
            {
                // Looking its prefix up again, step after step, would take long for a long prompt.
                return false;
            }

            cache.AdoptPrefix(next);
            if (!cache.TryReserve(next))
            {
                cache.Release(next);
                _blocked = (next, cache.FreePages);
                return false;
            }

            _waiting.RemoveAt(0);
            InsertInOrder(_running, next);
            _plan.Add(next);
            if (!next.HasStarted)
            {
                next.HasStarted = true;
                next.Reply.CachedPromptTokens = next.Computed;
                CachedTokens += next.Computed;
            }
        }

        return true;
    }

    private static void InsertInOrder(List<Sequence> line, Sequence sequence)
    {
        int index = line.Count;
        while (index > 0 && sequence.IsBefore(line[index - 1]))
        {
            index--;
        }

        line.Insert(index, sequence);
    }
}
