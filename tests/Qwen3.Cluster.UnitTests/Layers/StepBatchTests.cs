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
}
