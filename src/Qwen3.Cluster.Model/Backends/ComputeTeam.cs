using System.Runtime.CompilerServices;

namespace Qwen3.Cluster.Model.Backends;

/// <summary>
/// A fixed team of threads, its caller the first of them, that share out work in chunks taken from a counter.
/// Between works the others spin briefly, then park. For one caller at a time.
/// </summary>
/// <remarks>
/// A member that wakes late finds the work closed and is not waited for: on a busy machine a sleeping thread costs the team nothing.
/// </remarks>
public sealed unsafe class ComputeTeam : IDisposable
{
    // About 20 µs: longer than the gaps between the products of a layer, shorter than a time slice.
    private const int SpinsBeforeParking = 500;
    private const int Closed = int.MinValue;
    private const int RowsAtOnce = 4;

    private readonly Thread[] _threads;
    private readonly object _parking = new();

    private delegate*<void*, int, int, int, void> _run;
    private void* _work;
    private int _itemCount;
    private int _chunk;
    private int _next;
    private int _members = Closed; // who is inside the work; Closed is added when nobody may enter any more
    private int _generation;
    private int _parked;
    private volatile bool _stopping;

    /// <summary>Starts the team.</summary>
    /// <param name="size">Threads, the caller's included; 1: everything happens on the caller's thread.</param>
    public ComputeTeam(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        _threads = new Thread[size - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Serve(worker)) { IsBackground = true, Name = $"compute {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads, the caller's included.</summary>
    public int Size => _threads.Length + 1;

    /// <summary>Does the items 0 to <paramref name="itemCount"/> − 1 of a work and returns when all are done.</summary>
    /// <param name="work">The work; stays where it is meanwhile.</param>
    /// <param name="itemCount">Items.</param>
    /// <param name="chunk">Items that a member takes at once.</param>
    public void Run<TWork>(ref TWork work, int itemCount, int chunk)
        where TWork : struct, IParallelWork
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunk, 1);
        if (_threads.Length == 0 || itemCount <= chunk)
        {
            work.Run(0, 0, itemCount);
            return;
        }

        // 1. Lay out the work: nobody is inside, so nobody reads meanwhile. It lies in a frame of this thread, which waits below.
        _run = &RunPart<TWork>;
        _work = Unsafe.AsPointer(ref work);
        _itemCount = itemCount;
        _chunk = chunk;
        _next = 0;

        // 2. Open it, and wake who sleeps.
        Volatile.Write(ref _members, 0);
        Interlocked.Increment(ref _generation);
        if (Volatile.Read(ref _parked) > 0)
        {
            lock (_parking)
            {
                Monitor.PulseAll(_parking);
            }
        }

        // 3. Take part; then let nobody in any more, and wait for those who are inside.
        TakeChunks(0);
        Interlocked.Add(ref _members, Closed);
        SpinWait spin = default;
        while (Volatile.Read(ref _members) != Closed)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>The same for items that are little work each, the rows of a step: a few of them are done before another thread is there.</summary>
    public void RunRows<TWork>(ref TWork work, int rowCount)
        where TWork : struct, IParallelWork => Run(ref work, rowCount, RowsAtOnce);

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _stopping = true;
        lock (_parking)
        {
            Interlocked.Increment(ref _generation);
            Monitor.PulseAll(_parking);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private static void RunPart<TWork>(void* work, int worker, int first, int end)
        where TWork : struct, IParallelWork => Unsafe.AsRef<TWork>(work).Run(worker, first, end);

    private void Serve(int worker)
    {
        int seen = 0;
        while (true)
        {
            seen = WaitForWork(seen);
            if (_stopping)
            {
                return;
            }

            if (Enter())
            {
                TakeChunks(worker);
                Interlocked.Decrement(ref _members);
            }
        }
    }

    private int WaitForWork(int seen)
    {
        for (int i = 0; i < SpinsBeforeParking; i++)
        {
            int generation = Volatile.Read(ref _generation);
            if (generation != seen)
            {
                return generation;
            }

            Thread.SpinWait(1);
        }

        lock (_parking)
        {
            // Announced before the last look: whoever publishes work after that look sees the sleeper and wakes it.
            Interlocked.Increment(ref _parked);
            while (Volatile.Read(ref _generation) == seen)
            {
                Monitor.Wait(_parking);
            }

            Interlocked.Decrement(ref _parked);
            return Volatile.Read(ref _generation);
        }
    }

    private bool Enter()
    {
        int members = Volatile.Read(ref _members);
        while (members >= 0)
        {
            int before = Interlocked.CompareExchange(ref _members, members + 1, members);
            if (before == members)
            {
                return true;
            }

            members = before;
        }

        return false;
    }

    private void TakeChunks(int worker)
    {
        while (true)
        {
            int first = Interlocked.Add(ref _next, _chunk) - _chunk;
            if (first >= _itemCount)
            {
                return;
            }

            _run(_work, worker, first, Math.Min(first + _chunk, _itemCount));
        }
    }
}
