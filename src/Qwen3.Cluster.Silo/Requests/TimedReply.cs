using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>
/// The events of a reply that ends in time whatever its router does: when the time is over and the reply is not, it is ended here, with what was
/// passed on. The router is told and not waited for.
/// </summary>
internal sealed partial class TimedReply
{
    private readonly RouterCall _call;
    private readonly string _model;
    private readonly Func<CancellationToken, IAsyncEnumerable<ReplyEvent>> _ask;
    private readonly long _arrived;
    private readonly TimeSpan _responseTime;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReplyTally?[] _open; // of each sample; null: it has ended
    private bool _hasStarted;
    private TimeSpan? _timeToFirstToken;

    /// <param name="call">The request, as the router is asked.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="ask">Asks for the events; its token is cancelled when nobody reads any more.</param>
    /// <param name="arrived">When the request came, a timestamp.</param>
    /// <param name="responseTime">How long it may take from then.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of replies that were ended here.</param>
    public TimedReply(
        RouterCall call,
        string model,
        Qwen3Tokenizer tokenizer,
        Func<CancellationToken, IAsyncEnumerable<ReplyEvent>> ask,
        long arrived,
        TimeSpan responseTime,
        TimeProvider time,
        ILogger logger)
    {
        (_call, _model, _ask, _arrived, _responseTime, _time, _logger) = (call, model, ask, arrived, responseTime, time, logger);
        _open = [.. Enumerable.Range(0, call.Sampling.SampleCount).Select(_ => new ReplyTally(tokenizer))];
    }

    /// <summary>The events of the reply.</summary>
    public async IAsyncEnumerable<ReplyEvent> Run([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<ReplyEvent> events = _ask(stop.Token).GetAsyncEnumerator(stop.Token);
        Task<bool>? next = null;
        try
        {
            TimeSpan left = _responseTime - _time.GetElapsedTime(_arrived);
            Task timeIsOver = Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time, stop.Token);
            while (true)
            {
                next = events.MoveNextAsync().AsTask();
                if (await Task.WhenAny(next, timeIsOver) != next && !cancellationToken.IsCancellationRequested)
                {
                    break;
                }

                if (!await next)
                {
                    yield break;
                }

                Note(events.Current);
                yield return events.Current;
            }
        }
        finally
        {
            _ = Leave(events, next, stop);
        }

        foreach (ReplyEvent end in Ends())
        {
            yield return end;
        }
    }

    private void Note(ReplyEvent reply)
    {
        switch (reply)
        {
            case ReplyStarted:
                _hasStarted = true;
                break;
            case ReplyDelta delta:
                _timeToFirstToken ??= _time.GetElapsedTime(_arrived);
                _open[delta.Sample]!.Add(delta);
                break;
            case ReplyFinished finished:
                _open[finished.Sample] = null;
                break;
        }
    }

    private IEnumerable<ReplyEvent> Ends()
    {
        LogLate(_call.RequestId, _model, _responseTime.TotalSeconds);
        if (!_hasStarted)
        {
            yield return new ReplyStarted { RequestId = _call.RequestId, Model = _model, PromptTokens = _call.Prompt.Length, Seed = _call.Sampling.Seed!.Value };
        }

        for (int sample = 0; sample < _open.Length; sample++)
        {
            if (_open[sample] is { } tally)
            {
                yield return new ReplyFinished
                {
                    Sample = sample,
                    Reason = FinishReason.Deadline,
                    Usage = tally.ToUsage(_call.Prompt.Length, _timeToFirstToken ?? TimeSpan.Zero, _time.GetElapsedTime(_arrived)),
                };
            }
        }
    }

    // Nobody waits for it: a router that does not answer does not answer this either. An enumerator can only be disposed of when it does not run.
    private async Task Leave(IAsyncEnumerator<ReplyEvent> events, Task<bool>? running, CancellationTokenSource stop)
    {
        try
        {
            await stop.CancelAsync();
            if (running is not null)
            {
                await Task.WhenAny(running);
            }

            await events.DisposeAsync();
        }
        catch (Exception exception)
        {
            // The reply has ended; whatever became of its router is only worth a line.
            LogLeft(exception, _call.RequestId);
        }
        finally
        {
            stop.Dispose();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Request {Request}: the router of '{Model}' did not end the reply within {Seconds:0.000} s; it ends here with what there is")]
    private partial void LogLate(string request, string model, double seconds);

    [LoggerMessage(LogLevel.Debug, "Request {Request}: its router could not be told that nobody reads any more")]
    private partial void LogLeft(Exception exception, string request);
}
