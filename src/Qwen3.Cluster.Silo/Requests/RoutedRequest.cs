using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>
/// One request on its way through routers: begun by one and, if that is lost or leaves, gone on with by another, with the tokens that the
/// first would have given. The reader sees one reply.
/// </summary>
internal sealed partial class RoutedRequest
{
    // With the pauses between them, longer than a cluster takes to notice that a node is gone.
    private const int MostLostInARow = 14;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // For a router's last event to be here before the time is over.
    private static readonly TimeSpan WayBack = TimeSpan.FromMilliseconds(20);

    private readonly ModelFiles _model;
    private readonly RouterCall _call;
    private readonly ReplicaChooser _replicas;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<int>?[] _written; // of each sample; null: it has ended
    private readonly int?[] _closedByTimeAt; // of each sample: the place of the token at which time put the close in
    private readonly Dictionary<int, Exception> _refusals = []; // by replica: that its queue is full, or too long for the response time
    private readonly long _arrived;
    private bool _hasStarted;
    private TimeSpan? _timeToFirstToken;

    /// <summary>Makes a request that nobody has begun.</summary>
    /// <param name="model">The model.</param>
    /// <param name="call">What the routers are asked.</param>
    /// <param name="replicas">Picks them.</param>
    /// <param name="arrived">When the request came, a timestamp.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of each change of router.</param>
    public RoutedRequest(ModelFiles model, RouterCall call, ReplicaChooser replicas, long arrived, TimeProvider time, ILogger logger)
    {
        (_model, _call, _replicas, _time, _logger) = (model, call, replicas, time, logger);
        _arrived = arrived;
        _closedByTimeAt = new int?[call.Sampling.SampleCount];
        _written = [.. Enumerable.Range(0, call.Sampling.SampleCount).Select(_ => new List<int>())];
    }

    /// <summary>The events of the reply.</summary>
    /// <exception cref="ModelUnavailableException">No router was found that could go on. Else as in <see cref="IRouterGrain.Generate"/>.</exception>
    public async IAsyncEnumerable<ReplyEvent> Run([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int? failed = null;
        int lostInARow = 0;
        for (int routers = 1; ; routers++)
        {
            (int replica, IRouterGrain router) = await _replicas.Choose(_model, _call, [.. _refusals.Keys, .. failed is { } lost ? [lost] : (int[])[]]);
            IAsyncEnumerator<ReplyEvent> events = router.Generate(NextCall(routers), cancellationToken).GetAsyncEnumerator(cancellationToken);
            Exception? loss = null;
            try
            {
                while (true)
                {
                    try
                    {
                        if (!await events.MoveNextAsync())
                        {
                            yield break;
                        }
                    }
                    catch (Exception exception) when (IsLoss(exception, replica) && !cancellationToken.IsCancellationRequested)
                    {
                        loss = exception;
                        break;
                    }
                    catch (Exception exception) when (_refusals.ContainsValue(exception))
                    {
                        ExceptionDispatchInfo.Throw(_refusals.Values.MinBy(Wait)!); // Of all replicas; what the last one says may be the worst.
                    }
                    catch (NoPlaceException exception)
                    {
                        throw new ModelUnavailableException(_model.Name, retryAfter: null, exception.Message);
                    }

                    if (Note(events.Current, isFirstRouter: routers == 1) is { } reply)
                    {
                        lostInARow = 0;
                        yield return reply;
                    }
                }
            }
            finally
            {
                // One that is lost cannot be told that nobody reads any more.
                if (loss is null)
                {
                    await events.DisposeAsync();
                }
            }

            if (_written.All(tokens => tokens is null))
            {
                yield break; // All that was missing was the end of the stream.
            }

            if (++lostInARow == MostLostInARow)
            {
                throw new ModelUnavailableException(
                    _model.Name, LongestPause, $"A router of '{_model.Name}' was lost, and no other went on: {loss.Message}");
            }

            LogLost(_call.RequestId, replica, _model.Name, loss.Message);
            failed = replica;
            TimeSpan pause = FirstPause * Math.Pow(2, lostInARow - 1);
            await Task.Delay(pause < LongestPause ? pause : LongestPause, _time, cancellationToken);
        }
    }

    // A full queue, or one too long for the response time, is a loss as long as nothing was begun and there is another replica, whose queue may do.
    private bool IsLoss(Exception exception, int replica) => exception switch
    {
        RouterLostException => true,
        NoPlaceException { IsPassing: true } => true,
        QueueFullException or ResponseTimeException => !_hasStarted && _refusals.TryAdd(replica, exception) && _refusals.Count < _model.Options.Replicas,
        _ => LostCall.Is(exception),
    };

    private static TimeSpan Wait(Exception refusal) => refusal switch
    {
        ResponseTimeException late => late.Earliest,
        QueueFullException full => full.RetryAfter,
        _ => TimeSpan.MaxValue,
    };

    // A router that still has the request, of which nobody reads any more, must not take the next call for the same.
    private RouterCall NextCall(int router)
    {
        RouterCall call = _call with { TimeLeft = TimeLeft() };
        return router == 1 ? call : call with
        {
            RequestId = $"{_call.RequestId}#{router}",
            Written = _hasStarted ? [.. _written.Select(tokens => tokens?.ToArray())] : null,
            ClosedByTimeAt = _hasStarted ? [.. _closedByTimeAt] : null,
        };
    }

    private TimeSpan? TimeLeft()
    {
        TimeSpan? left = _call.Budget.ResponseTime - _time.GetElapsedTime(_arrived) - WayBack;
        return left < TimeSpan.Zero ? TimeSpan.Zero : left;
    }

    // What the reader gets of an event: the beginning only once, and times that count from there.
    private ReplyEvent? Note(ReplyEvent reply, bool isFirstRouter)
    {
        switch (reply)
        {
            case ReplyStarted started:
                bool isFirst = !_hasStarted;
                _hasStarted = true;
                return isFirst ? started with { RequestId = _call.RequestId } : null;
            case ReplyDelta delta:
                _timeToFirstToken ??= _time.GetElapsedTime(_arrived);
                if (delta.ClosedBy == ThinkingEnd.Time)
                {
                    _closedByTimeAt[delta.Sample] ??= _written[delta.Sample]!.Count;
                }

                _written[delta.Sample]!.AddRange(delta.TokenIds);
                return reply;
            case ReplyFinished finished:
                _written[finished.Sample] = null;
                return isFirstRouter ? reply : finished with
                {
                    Usage = finished.Usage with { TimeToFirstToken = _timeToFirstToken ?? TimeSpan.Zero, Duration = _time.GetElapsedTime(_arrived) },
                };
            default:
                return reply;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Request {Request} has lost replica {Replica} of '{Model}', another router goes on: {Reason}")]
    private partial void LogLost(string request, int replica, string model, string reason);
}
