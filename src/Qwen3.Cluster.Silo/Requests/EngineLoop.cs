using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>
/// Runs an engine's steps on a compute thread while it has work. Each step queues the next one behind what came in meanwhile,
/// so a new request, or a cancellation, is seen between two steps.
/// </summary>
/// <remarks>
/// The engine never waits for a reader: what a step adds to a reply goes to that request's own buffer, which cannot grow beyond the
/// reply itself (its max_tokens, at most the context). A reader that is gone cancels, and a router drops one that takes nothing for a minute.
/// </remarks>
internal sealed class EngineLoop : IDisposable
{
    private readonly ModelGrainKey _router;
    private readonly Engine _engine;
    private readonly ComputeThread _thread;
    private readonly int _maxWaiting;
    private readonly TimeProvider _time;
    private readonly RouterMeter _meter;
    private readonly DrainRate _drain = new();
    private readonly Dictionary<string, Reply> _replies = []; // touched on the thread alone
    private bool _stepIsQueued;
    private volatile Exception? _stopped;
    private int _arriving;
    private volatile EngineMetrics _metrics;
    private volatile StrongBox<TimeSpan>? _drainInterval; // in a box, so that others read it whole

    /// <summary>Makes a loop that waits for its first request.</summary>
    /// <param name="router">The router whose loop it is.</param>
    /// <param name="engine">Touched by the thread alone from now on.</param>
    /// <param name="thread">Stays the caller's.</param>
    /// <param name="maxWaiting">Requests that may be on their way to the engine's own queue, which is as long.</param>
    /// <param name="time">The clock.</param>
    /// <param name="meter">Told of every step.</param>
    public EngineLoop(ModelGrainKey router, Engine engine, ComputeThread thread, int maxWaiting, TimeProvider time, RouterMeter meter)
    {
        _router = router;
        _engine = engine;
        _thread = thread;
        _maxWaiting = maxWaiting;
        _time = time;
        _meter = meter;
        _metrics = engine.Metrics;
        meter.Add(router, this);
    }

    /// <summary>As of the last step.</summary>
    public EngineMetrics Metrics => _metrics;

    /// <summary>How many pages of a prompt are in the engine's cache; see <see cref="Engine.CountCachedPages"/>.</summary>
    public int CountCachedPages(ReadOnlySpan<UInt128> keys) => _engine.CountCachedPages(keys);

    /// <summary>Gives a request to the engine; its deltas come through the reader, which ends after the last sample's.</summary>
    /// <param name="request">The request.</param>
    /// <param name="spent">What has gone already of the response time that it came with.</param>
    /// <param name="leastThinking">Tokens of thinking without which the reply is not worth waiting for.</param>
    /// <exception cref="QueueFullException">The queue is full.</exception>
    /// <exception cref="ResponseTimeException">It could not be in time.</exception>
    /// <exception cref="RouterLostException">The loop was stopped.</exception>
    public async Task<ChannelReader<GenerationDelta>> Add(GenerationRequest request, TimeSpan spent = default, int leastThinking = 0)
    {
        int ahead = Volatile.Read(ref _arriving);
        if (request is { Deadline: { } deadline, Written: null })
        {
            EnginePace pace = Metrics.Pace;
            int missing = _engine.CountMissingTokens(request);
            TimeSpan thinking = leastThinking * pace.TokenTime;
            Forecast(ahead).Check(
                _router.Model,
                pace.LeastReplyTime(missing, request.Sampling.MaxTokens) + thinking,
                pace.UsualReplyTime(missing, request.Sampling.MaxTokens) + thinking,
                _time.GetElapsedTime(_time.GetTimestamp(), deadline),
                spent);
        }

        // Between two long steps requests gather before the engine can count them.
        // One that another router has begun was admitted there.
        if (Interlocked.Increment(ref _arriving) > _maxWaiting && request.Written is null)
        {
            Interlocked.Decrement(ref _arriving);
            throw QueueFull();
        }

        try
        {
            return await _thread.Run(() => AddNow(request));
        }
        finally
        {
            Interlocked.Decrement(ref _arriving);
        }
    }

    /// <summary>Ends a request before the next step; without effect when it has ended.</summary>
    public void Cancel(string requestId) => _ = _thread.Run(() => CancelNow(requestId));

    /// <summary>Ends all requests with an error, and refuses new ones with it.</summary>
    public Task Stop(Exception reason)
    {
        // Seen by a step at hand, which fails when its waiting is ended.
        _stopped = reason;
        return _thread.Run(() =>
        {
            EndAll(reason);
            AfterChange();
        });
    }

    /// <summary>The meter forgets it.</summary>
    public void Dispose() => _meter.Remove(_router);

    private ReplyForecast Forecast(int arriving) => new(Metrics, _drainInterval?.Value, arriving, _time);

    private ChannelReader<GenerationDelta> AddNow(GenerationRequest request)
    {
        if (_stopped is not null)
        {
            throw _stopped;
        }

        if (!_engine.TryAdd(request))
        {
            throw QueueFull();
        }

        var reply = new Reply(request.Written?.Count(tokens => tokens is not null) ?? request.Sampling.SampleCount);
        _replies.Add(request.Id, reply);
        AfterChange();
        return reply.Deltas.Reader;
    }

    private void CancelNow(string requestId)
    {
        if (_replies.Remove(requestId, out Reply? reply))
        {
            _engine.Cancel(requestId);
            reply.Deltas.Writer.Complete();
            AfterChange();
        }
    }

    private void AfterChange()
    {
        _metrics = _engine.Metrics;
        if (_engine.HasWork && !_stepIsQueued)
        {
            _stepIsQueued = true;
            _ = _thread.Run(Step);
        }
    }

    private void Step()
    {
        _stepIsQueued = false;
        long started = _time.GetTimestamp();
        try
        {
            Deliver(_engine.Step(), started);
        }
        catch (Exception exception)
        {
            // What the step left in the engine is unknown: every request of it ends, and the batch starts afresh. Another router may reach the
            // shards that did not answer; any other failure comes again with the same request, and a client that came back would only repeat it.
            EndAll(_stopped ?? (exception is ExpertShardException
                ? new RouterLostException($"A router of '{_router.Model}' cannot go on: {exception.Message}")
                : Failed(exception)));
        }

        AfterChange();
    }

    private void Deliver(IReadOnlyList<GenerationDelta> deltas, long started)
    {
        TimeSpan duration = _time.GetElapsedTime(started);
        int ended = 0;
        int tokens = 0;
        foreach (GenerationDelta delta in deltas)
        {
            tokens += delta.TokenIds.Count;
            if (!_replies.TryGetValue(delta.RequestId, out Reply? reply))
            {
                continue; // The last words of a request that was cancelled.
            }

            if (delta.Failure is { } failure)
            {
                reply.Deltas.Writer.Complete(Failed(failure));
                _replies.Remove(delta.RequestId);
                continue;
            }

            reply.Deltas.Writer.TryWrite(delta);
            if (delta.Finish is not null && --reply.SamplesLeft == 0)
            {
                reply.Deltas.Writer.Complete();
                _replies.Remove(delta.RequestId);
                ended++;
            }
        }

        _drain.AddStep(duration);
        _drain.AddEnded(ended);
        if (ended > 0 && _drain.Mean is { } interval)
        {
            _drainInterval = new StrongBox<TimeSpan>(interval);
        }

        EngineMetrics now = _engine.Metrics;
        _meter.AddStep(
            _router, duration, tokens, now.DraftedTokens - _metrics.DraftedTokens, now.AcceptedTokens - _metrics.AcceptedTokens, ended);
    }

    private void EndAll(Exception reason)
    {
        foreach ((string id, Reply reply) in _replies)
        {
            _engine.Cancel(id);
            reply.Deltas.Writer.Complete(reason);
        }

        _replies.Clear();
    }

    private ModelUnavailableException Failed(Exception reason) =>
        new(_router.Model, retryAfter: null, $"The model '{_router.Model}' failed while it computed: {reason.Message}");

    private QueueFullException QueueFull()
    {
        TimeSpan retryAfter = _drain.RetryAfter;
        return new QueueFullException(
            retryAfter, $"The queue of model '{_router.Model}' is full ({_maxWaiting} requests wait); a place may be free in {retryAfter.TotalSeconds:0.0} s.");
    }

    private sealed class Reply(int samples)
    {
        public Channel<GenerationDelta> Deltas { get; } =
            Channel.CreateUnbounded<GenerationDelta>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

        public int SamplesLeft { get; set; } = samples;
    }
}
