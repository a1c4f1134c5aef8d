using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.UnitTests.Layers;

public sealed class StepBatchTests
{
    [Theory]
    [InlineData(new[] { 1, 1 }, new[] { 1 })]
    [InlineData(new[] { 1, 1, 1, 1, 1 }, new[] { 1, 1, 1 })]
    [InlineData(new[] { 9, 1, 1 }, new[] { 9 })]
    [InlineData(new[] { 1, 1, 9 }, new[] { 1, 1 })]
    [InlineData(new[] { 3, 2, 2, 3 }, new[] { 3, 2 })]
    public void A_split_keeps_the_order_and_leaves_no_half_empty(int[] rowCounts, int[] firstHalf)
    {
        StepBatch batch = new();
        LogitRows[] wanted = [LogitRows.None, LogitRows.Last, LogitRows.All];
        for (int i = 0; i < rowCounts.Length; i++)
        {
            int[] ids = [.. Enumerable.Range(100 * i, rowCounts[i])];
            batch.Add(ids, firstPosition: 7 * i, pages: new[] { i }, expertLimit: i + 1, wanted[i % 3]);
        }

        StepBatch first = new(), second = new();
        second.Add([5], 0, ReadOnlyMemory<int>.Empty, 1, LogitRows.All); // of an earlier step
        batch.Split(first, second);

        Assert.Equal(firstHalf, first.Slices.ToArray().Select(slice => slice.RowCount));
        Assert.Equal(rowCounts.Length, first.Slices.Length + second.Slices.Length);
        Assert.Equal(batch.TokenIds, [.. first.TokenIds, .. second.TokenIds]);
        Assert.Equal(batch.Positions, [.. first.Positions, .. second.Positions]);
        Assert.Equal(batch.LogitRows, [.. first.LogitRows, .. second.LogitRows.ToArray().Select(row => row + first.RowCount)]);
        Assert.Equal(
            batch.Slices.ToArray().Select(slice => (slice.FirstPosition, slice.ExpertLimit, slice.Pages)),
            [.. first.Slices.ToArray().Concat(second.Slices.ToArray()).Select(slice => (slice.FirstPosition, slice.ExpertLimit, slice.Pages))]);
    }

    [Fact]
    public void Wanted_rows_are_laid_into_a_batch_of_their_own()
    {
        StepBatch batch = new(), wanted = new();
        batch.Add([10, 11, 12], 5, new[] { 1 }, 3, LogitRows.Last);
        batch.Add([20, 21], 0, new[] { 2 }, 4, LogitRows.None);
        batch.Add([30, 31], 7, new[] { 3 }, 5, LogitRows.All);
        Assert.Equal([0, 0, 0, 1, 1, 2, 2], batch.SliceOfRow.ToArray());

        wanted.Add([99], 0, new[] { 9 }, 1, LogitRows.Last);
        batch.SelectWanted(wanted);
        Assert.Equal([12, 30, 31], wanted.TokenIds.ToArray());
        Assert.Equal([7, 7, 8], wanted.Positions.ToArray());
        Assert.Equal([0, 1, 2], wanted.LogitRows.ToArray());
        Assert.Equal([0, 1, 1], wanted.SliceOfRow.ToArray());
        Assert.Equal([(1, 3), (3, 5)], wanted.Slices.ToArray().Select(slice => (slice.Pages.Span[0], slice.ExpertLimit)));
    }
}
