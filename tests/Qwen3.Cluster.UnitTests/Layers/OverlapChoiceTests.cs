using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.UnitTests.Layers;

public sealed class OverlapChoiceTests
{
    [Theory]
    [InlineData(100, 70, true)]
    [InlineData(70, 100, false)]
    public void Takes_the_faster_way_and_tries_the_other_now_and_then(long whole, long halves, bool expected)
    {
        OverlapChoice choice = new();
        int runs = Enumerable.Range(0, 320).Count(_ =>
        {
            bool run = choice.RunsHalves(hasChunks: false);
            choice.Add(hasChunks: false, run, 8 * (run ? halves : whole), rows: 8);
            return run;
        });
        Assert.InRange(expected ? 320 - runs : runs, 5, 20);
    }

    [Fact]
    public void Steps_with_chunks_are_another_matter()
    {
        OverlapChoice choice = new();
        for (int i = 0; i < 4; i++)
        {
            bool run = choice.RunsHalves(hasChunks: false);
            choice.Add(hasChunks: false, run, run ? 50 : 100, rows: 1);
        }

        Assert.True(choice.RunsHalves(hasChunks: false));
        Assert.False(choice.RunsHalves(hasChunks: true));
    }

    [Fact]
    public void Follows_a_wire_that_becomes_slow()
    {
        OverlapChoice choice = new();
        for (int i = 0; i < 1000; i++)
        {
            bool run = choice.RunsHalves(hasChunks: false);
            choice.Add(hasChunks: false, run, run ? (i < 200 ? 120 : 90) : (i < 200 ? 100 : 200), rows: 1);
        }

        Assert.True(choice.RunsHalves(hasChunks: false));
    }

    [Theory]
    [InlineData(115, 100)]
    [InlineData(100, 115)]
    public void Steps_that_something_else_held_up_hardly_count(long whole, long halves)
    {
        OverlapChoice choice = new();
        Random random = new(1);
        int runs = Enumerable.Range(0, 3200).Count(_ =>
        {
            bool run = choice.RunsHalves(hasChunks: false);
            int heldUp = random.Next(10) == 0 ? 10 : 1;
            choice.Add(hasChunks: false, run, heldUp * (run ? halves : whole), rows: 1);
            return run;
        });
        Assert.InRange(halves < whole ? 3200 - runs : runs, 0, 320);
    }
}
