using System.Diagnostics;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// Asks the shards of the cluster: each token goes to the shards that hold its experts, and their outputs come back to the slots of
/// its own choices. Called on a router's compute thread, which it blocks until all have answered.
/// </summary>
internal sealed class ClusterExpertPool : IExpertPool
{
    private readonly Stack<ExpertDispatch> _idle = new();
    private readonly long[][] _counts; // [layer][expert]: choices so far
    private readonly Func<IReadOnlyList<ulong>, Task<ShardTable>> _replace;
    private readonly Lock _offerLock = new();
    private ShardTable? _offer; // later ways than those in use
    private TaskCompletionSource _offered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes a pool over shards that are loaded.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="layout">Which experts it has.</param>
    /// <param name="precision">Of the numbers that go to the experts and come back.</param>
    /// <param name="table">The ways to the shards.</param>
    /// <param name="replace">Gives a table with other ways to shards, named by their epochs, that did not answer.</param>
    /// <param name="timeLimit">How long the shards may take for one layer, and then to be found anew.</param>
    /// <param name="stopping">Ends the waiting when the router is to stop.</param>
    public ClusterExpertPool(
        string model,
        ExpertLayout layout,
        ActivationPrecision precision,
        ShardTable table,
        Func<IReadOnlyList<ulong>, Task<ShardTable>> replace,
        TimeSpan timeLimit,
        CancellationToken stopping)
    {
        Model = model;
        Layout = layout;
        Precision = precision;
        Table = table;
        TimeLimit = timeLimit;
        Stopping = stopping;
        _replace = replace;
        _counts = [.. Enumerable.Range(0, layout.LayerCount).Select(layer => new long[layout.ExpertCountOf(layer)])];
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <inheritdoc/>
    public ExpertLayout Layout { get; }

    /// <inheritdoc/>
    public ActivationPrecision Precision { get; }

    /// <inheritdoc/>
    public bool CanOverlap => Table.IsRemote;

    /// <summary>The ways to the shards. Read on the router's thread.</summary>
    public ShardTable Table { get; private set; }

    /// <summary>How long the shards may take for one layer.</summary>
    public TimeSpan TimeLimit { get; }

    /// <summary>Ends the waiting.</summary>
    public CancellationToken Stopping { get; }

    /// <inheritdoc/>
    public IExpertCall Begin(int layer, RoutedTokens tokens)
    {
        ExpertDispatch dispatch = _idle.TryPop(out ExpertDispatch? idle) ? idle : new ExpertDispatch(this);
        dispatch.Begin(layer, tokens);
        return dispatch;
    }

    /// <summary>
    /// Has the router take later ways: at its next <see cref="TakeOffer"/>, or at once where it waits for shards that did not answer. Then it must not
    /// be waited for between steps, because who looks for those shards may be the one who makes this offer. May be called from any thread.
    /// </summary>
    /// <returns>Ends when they are taken.</returns>
    public Task Offer(ShardTable table)
    {
        lock (_offerLock)
        {
            if (table.IsBetterThan(_offer ?? Table))
            {
                _offer = table;
                _offered.TrySetResult();
            }

            return _offer is null ? Task.CompletedTask : _taken.Task;
        }
    }

    /// <summary>Takes the ways that were offered last, if there are any. Called between two steps, on the router's thread.</summary>
    public void TakeOffer()
    {
        TaskCompletionSource taken;
        lock (_offerLock)
        {
            if (_offer is null)
            {
                return;
            }

            if (_offer.IsBetterThan(Table))
            {
                Table = _offer;
            }

            _offer = null;
            _offered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (taken, _taken) = (_taken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        taken.SetResult();
    }

    /// <summary>Choices of each layer's experts since the start. May be read from any thread; a count may be a moment old.</summary>
    public long[][] Counts => [.. _counts.Select(layer => layer.ToArray())];

    /// <summary>Holds nothing but memory: the shards stay.</summary>
    public void Dispose()
    {
    }

    /// <summary>The counts of one layer, for the dispatch to add to.</summary>
    internal long[] CountsOf(int layer) => _counts[layer];

    /// <summary>Takes back a dispatch that has ended well; another is not used again.</summary>
    internal void Return(ExpertDispatch dispatch) => _idle.Push(dispatch);

    /// <summary>Finds shards anew that did not answer.</summary>
    /// <exception cref="ExpertShardException">They cannot be found, or not in time.</exception>
    internal void Replace(IReadOnlyList<ulong> epochs, Exception cause)
    {
        long started = Stopwatch.GetTimestamp();
        Task<ShardTable> finding = _replace(epochs);
        while (!finding.IsCompleted)
        {
            TimeSpan left = TimeLimit - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || Task.WaitAny([finding, OfferMade()], (int)Math.Ceiling(left.TotalMilliseconds), Stopping) < 0)
            {
                throw new ExpertShardException(
                    $"{cause.Message}; no other place for it was found within {TimeLimit.TotalSeconds:0.#} s (Qwen3:ShardTimeLimit)", cause);
            }

            TakeOffer();
        }

        if (!finding.IsCompletedSuccessfully)
        {
            Exception failure = finding.Exception?.InnerException ?? new TaskCanceledException(finding);
            throw new ExpertShardException($"{cause.Message}; and then: {failure.Message}", failure);
        }

        lock (_offerLock)
        {
            // The same map may be found by other links. One that was offered meanwhile may be later.
            Table = finding.Result.Map.Version >= Table.Map.Version ? finding.Result : Table;
        }
    }

    private Task OfferMade()
    {
        lock (_offerLock)
        {
            return _offered.Task;
        }
    }
}
