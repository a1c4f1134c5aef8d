namespace Qwen3.Cluster.Silo.Compute;

/// <summary>
/// A thread for arithmetic: pieces of work run on it one at a time, in the order in which they came. A router and each device of
/// experts own one, because a grain turn that computes for milliseconds starves the thread pool that all grains share.
/// </summary>
/// <remarks>
/// While a model answers, work comes again within microseconds, and waking a thread that sleeps takes longer than a layer of a small
/// model: after each piece the thread looks for the next one a little while before it sleeps.
/// </remarks>
internal sealed class ComputeThread : IAsyncDisposable
{
    // About 50 µs: the gap between two layers of a router that has the device for itself.
    private const int SpinsBeforeSleeping = 1_000;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IComputeWork?[] _ring = new IComputeWork?[16]; // a queue: _count pieces from _first on
    private int _first;
    private volatile int _count;
    private bool _sleeps;
    private bool _ending;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">As a debugger shows it.</param>
    public ComputeThread(string name)
    {
        new Thread(RunAll) { Name = name, IsBackground = true }.Start();
    }

    /// <summary>Queues a piece of work. Allocates nothing, but when more pieces wait than ever before.</summary>
    /// <param name="work">Is refused, before this returns, when the thread has ended.</param>
    public void Post(IComputeWork work)
    {
        bool wake;
        lock (_lock)
        {
            if (!_ending)
            {
                Enqueue(work);
                (wake, _sleeps) = (_sleeps, false);
                work = null!;
            }
            else
            {
                wake = false;
            }
        }

        work?.Refuse(Ended());
        if (wake)
        {
            _wake.Release();
        }
    }

    /// <summary>Queues a piece of work; what it throws is the task's error.</summary>
    /// <exception cref="ObjectDisposedException">By the task: the thread has ended, or ended before the work's turn.</exception>
    public Task<T> Run<T>(Func<T> work)
    {
        var item = new Work<T>(work);
        Post(item);
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
        bool wake;
        lock (_lock)
        {
            _ending = true;
            (wake, _sleeps) = (_sleeps, false);
        }

        if (wake)
        {
            _wake.Release();
        }

        await _ended.Task;
    }

    private static ObjectDisposedException Ended() => new(nameof(ComputeThread));

    private void Enqueue(IComputeWork work)
    {
        if (_count == _ring.Length)
        {
            var larger = new IComputeWork?[2 * _ring.Length];
            for (int i = 0; i < _count; i++)
            {
                larger[i] = _ring[(_first + i) % _ring.Length];
            }

            (_ring, _first) = (larger, 0);
        }

        _ring[(_first + _count) % _ring.Length] = work;
        _count++;
    }

    private void RunAll()
    {
        while (true)
        {
            IComputeWork? work = Next(out bool ending);
            if (work is null)
            {
                _ended.SetResult();
                return;
            }

            if (ending)
            {
                work.Refuse(Ended());
            }
            else
            {
                work.Run();
            }
        }
    }

    // The next piece, as soon as there is one; null: the thread ends, and nothing waits.
    private IComputeWork? Next(out bool ending)
    {
        for (int spin = 0; spin < SpinsBeforeSleeping && _count == 0; spin++)
        {
            Thread.SpinWait(8);
        }

        while (true)
        {
            lock (_lock)
            {
                ending = _ending;
                if (_count > 0)
                {
                    IComputeWork work = _ring[_first]!;
                    _ring[_first] = null;
                    _first = (_first + 1) % _ring.Length;
                    _count--;
                    return work;
                }

                if (ending)
                {
                    return null;
                }

                _sleeps = true;
            }

            _wake.Wait();
        }
    }

    // Continuations must not run on the thread: a grain's turn would take it from the arithmetic.
    private sealed class Work<T>(Func<T> work) : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), IComputeWork
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

        public void Refuse(Exception reason) => SetException(reason);
    }
}
