using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.UnitTests.Backends.Simd;

public sealed class AttentionPlanTests
{
    private const int Group = 3, KeyValueHeads = 4;

    private readonly AttentionPlan _plan = new();

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(2, 0, 300)]
    [InlineData(2, 5000, 1)]
    [InlineData(8, 0, 1000)]
    [InlineData(16, 30_000, 1)]
    [InlineData(64, 30_000, 3)]
    public void Every_block_of_every_row_and_head_is_computed_once(int threads, int past, int rows)
    {
        SequenceSlice[] slices = [new(0, rows, past, default, 8), new(rows, 1, 40, default, 8)];
        Make(threads, slices);
        HashSet<(int Row, int Head, int Block)> blocks = [];
        HashSet<int> parts = [];
        foreach (AttentionItem item in _plan.Items)
        {
            for (int row = item.FirstRow; row < item.FirstRow + item.RowCount; row++)
            {
                int end = Math.Min(item.EndBlock, BlocksOf(slices[item.Slice], row));
                for (int block = item.FirstBlock; block < end; block++)
                {
                    Assert.True(blocks.Add((row, item.KeyValueHead, block)));
                    for (int head = 0; item.FirstPart >= 0 && head < Group; head++)
                    {
                        Assert.True(parts.Add(item.FirstPart + (head * BlocksOf(slices[item.Slice], row)) + block));
                    }
                }
            }
        }

        Assert.Equal(slices.Sum(slice => Enumerable.Range(slice.FirstRow, slice.RowCount).Sum(row => KeyValueHeads * BlocksOf(slice, row))), blocks.Count);
        Assert.Equal(Enumerable.Range(0, _plan.PartCount), parts.Order());
        Assert.Equal(_plan.PartCount, _plan.Merges.Sum(merge => merge.BlockCount));
    }

    [Fact]
    public void A_long_past_is_cut_where_threads_would_wait_for_it()
    {
        Make(16, [new SequenceSlice(0, 1, 30_000, default, 8)]);
        Assert.InRange(_plan.Items.Count, 16, 200);
        Assert.Equal(Group * KeyValueHeads, _plan.Merges.Count);

        Make(1, [new SequenceSlice(0, 1, 30_000, default, 8)]);
        Assert.Equal(KeyValueHeads, _plan.Items.Count);
        Assert.Empty(_plan.Merges);
    }

    [Fact]
    public void Rows_of_a_prompt_share_what_is_read()
    {
        Make(2, [new SequenceSlice(0, 512, 0, default, 8)]);
        Assert.All(_plan.Items, item => Assert.Equal(AttentionPlan.MostRows, item.RowCount));
        Make(2, [new SequenceSlice(0, 4, 0, default, 8)]);
        Assert.True(_plan.Items.Count >= 8);
    }

    private static int BlocksOf(SequenceSlice slice, int row) => AttentionPlan.BlocksOf(slice.FirstPosition + (row - slice.FirstRow) + 1);

    private void Make(int threads, SequenceSlice[] slices) => _plan.Make(slices, KeyValueHeads, Group, threads);
}
