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
    public void A_work_is_cut_according_to_what_it_costs()
    {
        using ComputeTeam team = new(2);
        WorkList<CountingWork> list = new();
        int[] dear = new int[1024], cheap = new int[1024], parts = new int[2];
        list.Add(new CountingWork { Counts = dear, Parts = parts }, dear.Length, 1_000_000);
        list.Add(new CountingWork { Counts = cheap, Parts = parts, Index = 1 }, cheap.Length, 1000);
        list.Run(team);
        Assert.InRange(parts[0], 32, 64);
        Assert.Equal(1, parts[1]);
    }

    private struct CountingWork : IParallelWork
    {
        public int[] Counts;
        public int[]? Parts;
        public int Index;

        public readonly void Run(int worker, int first, int end)
        {
            Assert.Equal(0, first % 16);
            if (Parts is not null)
            {
                Interlocked.Increment(ref Parts[Index]);
            }

            for (int i = first; i < end; i++)
            {
                Interlocked.Increment(ref Counts[i]);
            }
        }
    }
}
