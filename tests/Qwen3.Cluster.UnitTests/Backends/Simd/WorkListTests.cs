using System.Collections.Concurrent;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Backends.Simd;

namespace Qwen3.Cluster.UnitTests.Backends.Simd;

public sealed class WorkListTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 100_000)]
    [InlineData(3, 1)]
    [InlineData(3, 1000)]
    [InlineData(3, 100_000)]
    public void Every_item_of_every_work_is_done_once(int threads, long cost)
    {
        using ComputeTeam team = new(threads);
        WorkList<CountingWork> list = new();
        for (int round = 0; round < 3; round++)
        {
            int[][] counts = [new int[1], new int[16], new int[17], new int[1000], new int[768], new int[33], new int[5], new int[90], new int[64]];
            foreach (int[] items in counts)
            {
                list.Add(new CountingWork { Counts = items }, items.Length, cost);
            }

            list.Run(team);
            Assert.All(counts, items => Assert.All(items, count => Assert.Equal(1, count)));
        }
    }

    [Fact]
    public void Parts_become_smaller_towards_the_end_and_cheap_works_stay_whole()
    {
        using ComputeTeam team = new(2);
        WorkList<CountingWork> list = new();
        ConcurrentQueue<int> dear = [], cheap = [];
        list.Add(new CountingWork { Counts = new int[1024], Parts = dear }, 1024, 1_000_000);
        list.Add(new CountingWork { Counts = new int[1024], Parts = cheap }, 1024, 100);
        list.Run(team);
        Assert.Equal(256, dear.Max());
        Assert.Equal(32, dear.Min());
        Assert.InRange(dear.Count, 10, 30);
        Assert.Equal([1024], cheap);
    }

    [Fact]
    public void What_costs_nothing_is_not_done()
    {
        using ComputeTeam team = new(2);
        WorkList<CountingWork> list = new();
        int[] free = new int[32], paid = new int[4096];
        list.Add(new CountingWork { Counts = free }, free.Length, 0);
        list.Add(new CountingWork { Counts = paid }, paid.Length, 1000);
        list.Run(team);
        Assert.All(free, count => Assert.Equal(0, count));
        Assert.All(paid, count => Assert.Equal(1, count));
    }

    private struct CountingWork : IParallelWork
    {
        public int[] Counts;
        public ConcurrentQueue<int>? Parts;

        public readonly void Run(int worker, int first, int end)
        {
            Assert.Equal(0, first % 16);
            Parts?.Enqueue(end - first);
            for (int i = first; i < end; i++)
            {
                Interlocked.Increment(ref Counts[i]);
            }
        }
    }
}
