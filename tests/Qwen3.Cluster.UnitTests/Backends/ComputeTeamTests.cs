using Qwen3.Cluster.Model.Backends;

namespace Qwen3.Cluster.UnitTests.Backends;

public class ComputeTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_item_is_done_once_before_it_returns(int size)
    {
        using ComputeTeam team = new(size);
        Assert.Equal(size, team.Size);
        foreach (int chunk in (int[])[1, 3, 16])
        {
            foreach (int items in (int[])[0, 1, 2, 15, 16, 17, 1000])
            {
                var work = new Counting { Done = new int[items], Busy = new int[size] };

                team.Run(ref work, items, chunk);

                Assert.All(work.Done, done => Assert.Equal(1, done));
                Assert.All(work.Busy, busy => Assert.Equal(0, busy));
            }
        }
    }

    [Fact]
    public void Works_that_follow_each_other_do_not_mix()
    {
        using ComputeTeam team = new(3);
        for (int round = 0; round < 3_000; round++)
        {
            var work = new Counting { Done = new int[1 + (round % 40)], Busy = new int[3] };
            team.Run(ref work, work.Done.Length, 1);
            Assert.DoesNotContain(work.Done, done => done != 1);

            // Long enough for the others to go to sleep, now and then.
            if (round % 500 == 0)
            {
                Thread.Sleep(5);
            }
        }
    }

    [Fact]
    public void A_team_needs_a_member_and_a_chunk_an_item()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ComputeTeam(0));
        using ComputeTeam team = new(2);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            var work = new Counting { Done = new int[4], Busy = new int[2] };
            team.Run(ref work, 4, 0);
        });
    }

    private struct Counting : IParallelWork
    {
        public int[] Done;
        public int[] Busy;

        public readonly void Run(int worker, int first, int end)
        {
            // Two at once under one number would share buffers.
            int others = Interlocked.Increment(ref Busy[worker]) - 1;
            for (int item = first; item < end; item++)
            {
                Interlocked.Add(ref Done[item], 1 + (100 * others));
            }

            Interlocked.Decrement(ref Busy[worker]);
        }
    }
}
