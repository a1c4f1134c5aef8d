namespace Qwen3.Cluster.Contracts.Hosting;

/// <summary>Counts work of one kind that is under way on this node, and waits for its end when the node drains. Safe for concurrent use.</summary>
/// <param name="kind">Several of them, for the log: <c>gRPC calls</c>.</param>
public abstract class OpenWork(string kind) : IDrainParticipant
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _ended;
    private int _open;

    /// <summary>Whether the node drains: nothing new begins.</summary>
    public bool IsDraining => Volatile.Read(ref _ended) is not null;

    /// <inheritdoc/>
    public string Describe => $"{Volatile.Read(ref _open)} {kind}";

    /// <summary>Counts one more, unless the node drains.</summary>
    /// <returns>Whether it may begin; then <see cref="End"/> has to follow.</returns>
    public bool TryBegin()
    {
        lock (_lock)
        {
            if (_ended is not null)
            {
                return false;
            }

            _open++;
            return true;
        }
    }

    /// <summary>One that had begun has ended, in whatever way.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (--_open == 0)
            {
                _ended?.TrySetResult();
            }
        }
    }

    /// <inheritdoc/>
    public virtual Task DrainAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_open == 0)
            {
                _ended.TrySetResult();
            }

            return _ended.Task.WaitAsync(cancellationToken);
        }
    }
}
