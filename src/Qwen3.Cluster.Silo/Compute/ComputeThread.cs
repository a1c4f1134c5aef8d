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
    // About 30 µs: as long as the router next door takes from one layer to the next of a small model.
    private const int SpinsBeforeSleeping = 100;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IComputeWork?[] _ring = new IComputeWork?[16]; // a queue: _count pieces from _first on
    private int _first;
    private volatile int _count;
    private bool _taken; // a piece is run, by the thread or by a caller of RunOrPost
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
        bool isQueued;
        lock (_lock)
        {
            isQueued = !_ending;
            if (isQueued)
            {
                Enqueue(work);
            }
        }

        if (!isQueued)
        {
            work.Refuse(Ended());
        }

        WakeIfNeeded();
    }

    /// <summary>
    /// Runs a piece of work at once in the thread's place when nothing else runs or waits, else queues it. For a caller that is a
    /// compute thread itself and would wait for the result: the way to another thread and back costs more than a layer of a small model.
    /// </summary>
    /// <param name="work">Is refused, before this returns, when the thread has ended.</param>
    public void RunOrPost(IComputeWork work)
    {
        if (!TryTake())
        {
            Post(work);
            return;
        }

        work.Run();
        GiveBack();
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
        lock (_lock)
        {
            _ending = true;
        }

        WakeIfNeeded();
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

            GiveBack();
        }
    }

    private bool TryTake()
    {
        lock (_lock)
        {
            bool isFree = !_ending && !_taken && _count == 0;
            _taken |= isFree;
            return isFree;
        }
    }

    private void GiveBack()
    {
        lock (_lock)
        {
            _taken = false;
        }

        WakeIfNeeded();
    }

    private void WakeIfNeeded()
    {
        lock (_lock)
        {
            if (!_sleeps || _taken || (_count == 0 && !_ending))
            {
                return;
            }

            _sleeps = false;
        }

        _wake.Release();
    }

    // The next piece, as soon as there is one; null: the thread ends, and nothing waits.
    private IComputeWork? Next(out bool ending)
    {
        for (int spin = 0; spin < SpinsBeforeSleeping && _count == 0; spin++)
        {
            // On a machine whose cores are all busy, whoever brings the next piece may need this one.
            Thread.SpinWait(8);
            Thread.Yield();
        }

        while (true)
        {
            lock (_lock)
            {
                ending = _ending;
                if (!_taken && (_count > 0 || ending))
                {
                    _taken = true;
                    return _count > 0 ? Dequeue() : null;
                }

                _sleeps = true;
            }

            _wake.Wait();
        }
    }

    private IComputeWork Dequeue()
    {
        IComputeWork work = _ring[_first]!;
        _ring[_first] = null;
        _first = (_first + 1) % _ring.Length;
        _count--;
        return work;
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
