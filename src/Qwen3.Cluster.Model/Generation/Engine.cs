using Qwen3.Cluster.Model.Generation.Speculation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// The engine of a router: many requests in, one ragged batch a step through the model, the replies' text out as it comes.
/// One thread owns it and calls <see cref="Step"/> while it <see cref="HasWork"/>; others may only read <see cref="Metrics"/>,
/// <see cref="CountCachedPages"/> and <see cref="CountMissingTokens"/>.
/// <para>
/// The tokens of a reply depend on its request alone: not on the batch, on how the prompt is cut into chunks, on what the cache
/// holds, on drafts, or on being pushed back when pages run out (so far as the model's logits do not).
/// </para>
/// </summary>
public sealed class Engine
{
    private static readonly TimeSpan MostPatience = TimeSpan.FromSeconds(30);

    private readonly ILanguageModel _model;
    private readonly EngineOptions _options;
    private readonly EngineClock _clock;
    private readonly ReplyRules _rules;
    private readonly PrefixCache? _prefixes;
    private readonly PagedCache _cache;
    private readonly Scheduler _scheduler;
    private readonly Sampler _sampler;
    private readonly Dictionary<string, Sequence[]> _requests = [];
    private readonly List<GenerationDelta> _deltas = [];
    private float[] _logits = [];
    private long _arrivals;
    private long _replyTokens;
    private long _acceptedTokens;
    private volatile EngineMetrics _metrics;

    /// <param name="model">The model; the engine alone uses it, its caller disposes it.</param>
    /// <param name="tokenizer">The model's tokenizer; the head's rows beyond its ids are padding and never sampled.</param>
    /// <param name="options">How much it takes on.</param>
    /// <param name="time">The clock, for deadlines and for what replies report.</param>
    /// <param name="draftModel">A small model with the same tokenizer that guesses next tokens, on the same thread; its caller disposes it. Null: they are looked up in the text.</param>
    public Engine(ILanguageModel model, Qwen3Tokenizer tokenizer, EngineOptions options, TimeProvider time, ILanguageModel? draftModel = null)
        : this(model, tokenizer, options, time, draftModel is null ? new LookupDrafter() : new ModelDrafter(draftModel, tokenizer))
    {
    }

    /// <summary>The same with a drafter of its caller's.</summary>
    internal Engine(ILanguageModel model, Qwen3Tokenizer tokenizer, EngineOptions options, TimeProvider time, IDrafter drafter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBatchTokens, options.MaxSequences);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxWaiting, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxForcedAnswerTokens, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxDraftTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxDraftTokens, DraftChoice.Most);
        if (tokenizer.VocabularySize > model.VocabularySize)
        {
            throw new ArgumentException(
                $"The tokenizer has {tokenizer.VocabularySize} ids and the model's head only {model.VocabularySize} rows; take the tokenizer that belongs to the model.",
                nameof(tokenizer));
        }

        (_model, _options) = (model, options);
        _sampler = new Sampler(tokenizer.VocabularySize, tokenizer.UnusedIds);
        _prefixes = options.ReusePrefixes ? new PrefixCache() : null;
        _cache = new PagedCache(model.PageSize, model.PageCount, _prefixes);
        ThinkingTags? tags = ThinkingTags.Of(tokenizer);
        _clock = new EngineClock(time, tags?.Close.Length ?? 0);
        _scheduler = new Scheduler(_cache, new DraftChoice(drafter, _clock.Rows, options), options);
        _rules = new ReplyRules(
            tokenizer,
            tags,
            EndTokens(options, tokenizer),
            (int)Math.Min(model.MaxPositions, (long)model.PageSize * model.PageCount),
            options.MaxForcedAnswerTokens,
            time);
        _metrics = new EngineMetrics { MaxSequences = options.MaxSequences, TotalPages = _cache.TotalPages, FreePages = _cache.FreePages };
    }

    /// <summary>Whether <see cref="Step"/> has something to do or to say.</summary>
    public bool HasWork => _requests.Count > 0 || _deltas.Count > 0;

    /// <summary>What it is doing, as of the last call of another member.</summary>
    public EngineMetrics Metrics => _metrics;

    /// <summary>How many pages of a prompt are in the cache, from the first on.</summary>
    /// <param name="keys">Of <see cref="PrefixKeys"/>.</param>
    public int CountCachedPages(ReadOnlySpan<UInt128> keys) => _prefixes?.CountKnown(keys) ?? 0;

    /// <summary>How many tokens of a request's prompt the model would have to run. May be called from any thread, as of the moment.</summary>
    public int CountMissingTokens(GenerationRequest request)
    {
        UInt128[] keys = PrefixKeys.Of(request.Prompt, request.Thinking.MaxExperts ?? _model.ExpertsPerToken, _model.PageSize, int.MaxValue);
        return request.Prompt.Length - (CountCachedPages(keys) * _model.PageSize);
    }

    /// <summary>
    /// Takes a request; its first tokens come from one of the next steps. The prompt is run once for all of its samples
    /// (the last page, where it is not full, once for each; without reuse of prefixes all of it).
    /// </summary>
    /// <returns>False when <see cref="EngineOptions.MaxWaiting"/> requests wait already: try again later. One that another engine has begun is always taken.</returns>
    /// <exception cref="RequestRefusedException">It can never be served; the exception names the field.</exception>
    public bool TryAdd(GenerationRequest request)
    {
        RequestCheck.Check(request, _rules.Tokenizer.VocabularySize, _model.ExpertsPerToken, _rules.ContextLength);
        if (_requests.ContainsKey(request.Id))
        {
            throw new RequestRefusedException("Id", $"A request '{request.Id}' is in the engine already; give each an id of its own.");
        }

        if (request.Written is null && _requests.Values.Count(sequences => !sequences[0].HasStarted) >= _options.MaxWaiting)
        {
            return false;
        }

        (long Whole, long Short) latestStarts = LatestStarts(request);
        Sequence[] sequences = [.. Enumerable.Range(0, request.Sampling.SampleCount)
            .Where(sample => request.Written is null || request.Written[sample] is not null)
            .Select(sample => NewSequence(request, sample, latestStarts))
            .Where(sequence => sequence.Reply.Finish is null)];
        _arrivals++;
        if (sequences.Length > 0)
        {
            _requests.Add(request.Id, sequences);
        }

        // Samples of a new request wait for the first, which runs the prompt; those of one that goes on have different tokens.
        foreach (Sequence sequence in request.Written is null ? sequences[..1] : sequences)
        {
            _scheduler.Enqueue(sequence);
        }

        Publish(_metrics);
        return true;
    }

    /// <summary>Ends a request; its pages are free at once, and the next step returns the last delta of each of its replies.</summary>
    /// <param name="requestId">Its id; one that is not in the engine (it has just ended) is no error.</param>
    public void Cancel(string requestId)
    {
        if (_requests.Remove(requestId, out Sequence[]? sequences))
        {
            foreach (Sequence sequence in sequences.Where(sequence => sequence.Reply.Finish is null))
            {
                _scheduler.Remove(sequence);
                sequence.Reply.Stop(FinishReason.Cancelled, _deltas);
            }

            Publish(_metrics);
        }
    }

    /// <summary>
    /// Runs one step: some rows of some sequences, at most <see cref="EngineOptions.MaxBatchTokens"/>.
    /// When the model throws, nothing has changed, and the next call runs the same rows again (unless requests are cancelled meanwhile).
    /// A reply whose deadline is reached, or would be passed by another step, ends with what it has, whether it was in the batch or waited for it.
    /// What goes wrong with the tokens of one request ends that request alone, with a delta that has a <see cref="GenerationDelta.Failure"/>.
    /// </summary>
    /// <returns>What it added to the replies; for one reply in the order of its text.</returns>
    public IReadOnlyList<GenerationDelta> Step()
    {
        _clock.BeginStep(goesOn: _scheduler.RunningCount > 0);
        StepPlan plan = _scheduler.Schedule(_clock.Now);
        if (plan.Rows.Count > 0)
        {
            ReadOnlySpan<float> logits = Run(plan.Batch);
            TimeSpan elapsed = _clock.EndStep(plan.Batch.RowCount, plan.Rows.Count, plan.DraftRows);
            int accepted = Postprocess(plan, logits);
            EndOverdue();
            Publish(plan, accepted, elapsed);
        }

        GenerationDelta[] deltas = [.. _deltas];
        _deltas.Clear();
        return deltas;
    }

    /// <summary>Runs the model; gives the logits [batch.LogitRows, model.VocabularySize].</summary>
    private ReadOnlySpan<float> Run(StepBatch batch)
    {
        int length = batch.LogitRows.Length * _model.VocabularySize;
        if (_logits.Length < length)
        {
            _logits = new float[length];
        }

        Span<float> logits = _logits.AsSpan(0, length);
        _model.Forward(batch, logits);
        return logits;
    }

    private Sequence NewSequence(GenerationRequest request, int sample, (long Whole, long Short) latestStarts)
    {
        Reply reply = new(_rules, request, sample);
        Sequence sequence = new(reply, _arrivals, latestStarts, request.Thinking.MaxExperts ?? _model.ExpertsPerToken);
        if (request.Written?[sample] is { } written)
        {
            foreach (int token in reply.Replay(written, _deltas))
            {
                sequence.Append(token);
            }
        }

        return sequence;
    }

    // Who has no deadline is in line as if the answer had to be begun within the longest response time there is: neither kind starves.
    private (long Whole, long Short) LatestStarts(GenerationRequest request)
    {
        long patient = _clock.After(MostPatience);
        if (request.Deadline is not { } deadline)
        {
            return (patient, patient);
        }

        (long whole, long shortest) = _clock.LatestStarts(deadline, CountMissingTokens(request), request.Sampling.MaxTokens);
        return (Math.Min(whole, patient), Math.Min(shortest, patient));
    }

    /// <summary>Gives the sequences their tokens; gives the number of drafts that came true.</summary>
    private int Postprocess(StepPlan plan, ReadOnlySpan<float> logits)
    {
        long acceptedBefore = _acceptedTokens;
        foreach ((Sequence sequence, int rowCount, int draftCount, int? logitRow) in plan.Rows)
        {
            GenerationRequest request = sequence.Reply.Request;
            if (!_requests.ContainsKey(request.Id))
            {
                continue; // Another of its samples has failed in this step.
            }

            // What the model has run is in the cache now; a chunk of a prompt that goes on asks for nothing else.
            if (logitRow is not { } row)
            {
                _cache.Commit(sequence, rowCount);
                continue;
            }

            try
            {
                AddTokens(sequence, rowCount, draftCount, logits.Slice(row * _model.VocabularySize, (1 + draftCount) * _model.VocabularySize));
            }
            catch (Exception exception)
            {
                // Sampler and decoder have seen nothing but this request's own: the rest of the batch goes on as if it were not there.
                Fail(request, exception);
            }
        }

        return (int)(_acceptedTokens - acceptedBefore);
    }

    /// <summary>
    /// Takes a token from the logits of a sequence's last row, and, as long as each is the draft whose row comes next, one from that row too: from the
    /// same logits, by the same rules, as if each draft had run in a step of its own.
    /// </summary>
    private void AddTokens(Sequence sequence, int rowCount, int draftCount, ReadOnlySpan<float> logits)
    {
        Reply reply = sequence.Reply;
        reply.DraftedTokens += draftCount;
        bool goesOn = AddToken(sequence, rowCount, logits[.._model.VocabularySize]);
        for (int row = 1; row <= draftCount && goesOn; row++)
        {
            reply.AcceptedTokens++;
            _acceptedTokens++;
            goesOn = AddToken(sequence, 1, logits.Slice(row * _model.VocabularySize, _model.VocabularySize));
        }

        sequence.DropDrafts();
        _cache.ReleaseDrafts(sequence);
    }

    /// <summary>Takes a token; tells whether it, and nothing else, came as drafted, and the reply goes on.</summary>
    private bool AddToken(Sequence sequence, int rowCount, ReadOnlySpan<float> logits)
    {
        // 1. The next token. Bad logits throw here, before their rows become known as a prefix.
        Reply reply = sequence.Reply;
        SamplingParameters sampling = reply.Request.Sampling;
        int chosen = _sampler.Choose(logits, sampling, reply.Counts, reply.BannedTokens, reply.Sample, reply.TokenCount);
        TokenLogprob? logprob = sampling.Logprobs is { } top ? _sampler.Describe(logits, chosen, top) : null;
        _cache.Commit(sequence, rowCount);

        // 2. The first sample has the prompt in the cache: the others can start from there.
        if (reply is { Sample: 0, TokenCount: 0, Request.Written: null })
        {
            foreach (Sequence sibling in _requests[reply.Request.Id].AsSpan(1))
            {
                _scheduler.Enqueue(sibling);
            }
        }

        // 3. What the token, or the close of the thinking in its place, does to the reply.
        bool timeIsUp = reply.IsThinking && reply.Request.Deadline is { } deadline && _clock.IsTimeToClose(deadline, reply.AnswerTokensLeft);
        ReadOnlySpan<int> taken = reply.Advance(chosen, logprob, timeIsUp, _deltas);
        bool cameTrue = sequence.NextDraft is { } draft && taken is [int only] && only == draft;
        if (sequence.NextDraft is not null)
        {
            sequence.Acceptance.Add(cameTrue);
        }

        foreach (int token in taken)
        {
            sequence.Append(token);
            _replyTokens++;
        }

        // 4. A reply that has ended makes room.
        if (reply.Finish is not null)
        {
            _scheduler.Remove(sequence);
            if (reply.Finish == FinishReason.Stop)
            {
                _clock.AddReply(reply);
            }

            if (_requests[reply.Request.Id].All(other => other.Reply.Finish is not null))
            {
                _requests.Remove(reply.Request.Id);
            }
        }

        return cameTrue && reply.Finish is null;
    }

    /// <summary>Ends the requests that would be late with another step.</summary>
    private void EndOverdue()
    {
        foreach ((string id, Sequence[] sequences) in _requests)
        {
            if (sequences[0].Reply.Request.Deadline is not { } deadline || !_clock.IsTimeToEnd(deadline))
            {
                continue;
            }

            // All samples of a request have one deadline. Removing what the loop is at is allowed.
            _requests.Remove(id);
            foreach (Sequence sequence in sequences.Where(sequence => sequence.Reply.Finish is null))
            {
                _scheduler.Remove(sequence);
                sequence.Reply.Stop(FinishReason.Deadline, _deltas);
            }
        }
    }

    /// <summary>Ends a request, all of its replies, with an error.</summary>
    private void Fail(GenerationRequest request, Exception reason)
    {
        _requests.Remove(request.Id, out Sequence[]? sequences);
        foreach (Sequence sequence in sequences!)
        {
            _scheduler.Remove(sequence);
        }

        _deltas.Add(new GenerationDelta { RequestId = request.Id, Failure = reason });
    }

    private void Publish(StepPlan plan, int accepted, TimeSpan elapsed)
    {
        EngineMetrics metrics = _metrics with
        {
            Steps = _metrics.Steps + 1,
            ComputedTokens = _metrics.ComputedTokens + plan.Batch.RowCount,
            DraftedTokens = _metrics.DraftedTokens + plan.DraftRows,
            AcceptedTokens = _acceptedTokens,
        };
        int useful = plan.Batch.RowCount - plan.DraftRows + accepted;
        double perSecond = elapsed > TimeSpan.Zero ? useful / elapsed.TotalSeconds : 0;
        Publish(plan.IsDecode
            ? metrics with { DecodeStepTime = elapsed, DecodeTokensPerSecond = perSecond }
            : metrics with { PrefillTokensPerSecond = perSecond });
    }

    private void Publish(EngineMetrics metrics) => _metrics = metrics with
    {
        ReplyTokens = _replyTokens,
        Running = _scheduler.RunningCount,
        Waiting = _scheduler.WaitingCount,
        LacksPages = _scheduler.LacksPages,
        FreePages = _cache.FreePages,
        CachedTokens = _scheduler.CachedTokens,
        Preemptions = _scheduler.Preemptions,
        LatestStarts = _scheduler.LatestStarts,
        Pace = _clock.Pace,
    };

    private static HashSet<int> EndTokens(EngineOptions options, Qwen3Tokenizer tokenizer) => options.EndTokenIds.Count > 0
        ? [.. options.EndTokenIds]
        : [.. new[] { tokenizer.SpecialTokens.ImEnd, tokenizer.SpecialTokens.EndOfText }.OfType<int>()];
}
