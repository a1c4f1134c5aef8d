using System.Collections.Concurrent;

namespace Qwen3.Cluster.Silo.Compute;

/// <summary>
/// A thread for arithmetic: pieces of work run on it one at a time, in the order in which they came. A router and each expert
/// shard own one, because a grain turn that computes for milliseconds starves the thread pool that all grains share.
/// </summary>
public sealed class ComputeThread : IAsyncDisposable
{
    private readonly BlockingCollection<IWork> _queue = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts the thread.</summary>
    /// <param name="name">As a debugger shows it.</param>
    public ComputeThread(string name)
    {
        new Thread(RunAll) { Name = name, IsBackground = true }.Start();
    }

    private interface IWork
    {
        void Run();

        void Refuse();
    }

    /// <summary>Queues a piece of work; what it throws is the task's error.</summary>
    /// <exception cref="ObjectDisposedException">By the task: the thread has ended, or ended before the work's turn.</exception>
    public Task<T> Run<T>(Func<T> work)
    {
        var item = new Work<T>(work);
        Enqueue(item);
        return item.Task;
    }

    /// <summary>Queues a piece of work; what it throws is the task's error.</summary>
    /// <exception cref="ObjectDisposedException">By the task: the thread has ended, or ended before the work's turn.</exception>
    public Task Run(Action work) => Run(() =>
    {
        work();
        return true;
    });

    /// <summary>Ends the thread after the piece of work at hand; what still waits is refused.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.CompleteAdding();
        await _ended.Task;
        _queue.Dispose();
    }

    private void Enqueue(IWork item)
    {
        try
        {
            _queue.Add(item);
        }
        catch (InvalidOperationException)
        {
            // Also when it is disposed of.
            item.Refuse();
        }
    }

    private void RunAll()
    {
        foreach (IWork item in _queue.GetConsumingEnumerable())
        {
            if (_queue.IsAddingCompleted)
            {
                item.Refuse();
            }
            else
            {
                item.Run();
            }
        }

        _ended.SetResult();
    }

    // Continuations must not run on the thread: a grain's turn would take it from the arithmetic.
    private sealed class Work<T>(Func<T> work) : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), IWork
    {
        public void Run()
        {
            try
            {
                SetResult(work());
            }
            catch (Exception exception)
            {
                SetException(exception);
            }
        }

        public void Refuse() => SetException(new ObjectDisposedException(nameof(ComputeThread)));
    }
}
