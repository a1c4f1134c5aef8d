using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Cuts the attention of a step into items of about the same cost, more than there are threads. Rows of a sequence stay together where there are enough of them,
/// so that what is read of the cache serves them all; a row with a long past beside little else is cut by its blocks. No cut changes a bit.
/// </summary>
internal sealed class AttentionPlan
{
    // Rows that share what is read; their outputs fit into the second-level cache beside a block.
    internal const int MostRows = 16;
    private const int ItemsOfThread = 4;

    // Some 40 MB; where there are more, there are rows enough for all threads.
    private const int MostParts = 1 << 16;

    private readonly List<AttentionItem> _items = [];
    private readonly List<AttentionMerge> _merges = [];

    /// <summary>What the threads compute.</summary>
    public List<AttentionItem> Items => _items;

    /// <summary>What is put together after it.</summary>
    public List<AttentionMerge> Merges => _merges;

    /// <summary>Blocks of single heads that are kept until they are put together.</summary>
    public int PartCount { get; private set; }

    /// <summary>Blocks that so many positions take.</summary>
    public static int BlocksOf(int positions) => (positions + AttentionBlock.Size - 1) / AttentionBlock.Size;

    /// <summary>Plans a step.</summary>
    /// <param name="slices">Its sequences.</param>
    /// <param name="keyValueHeads">Heads of keys and values.</param>
    /// <param name="group">Heads of queries that share one.</param>
    /// <param name="threads">Threads that compute.</param>
    public void Make(ReadOnlySpan<SequenceSlice> slices, int keyValueHeads, int group, int threads)
    {
        _items.Clear();
        _merges.Clear();
        PartCount = 0;
        long all = 0;
        foreach (SequenceSlice slice in slices)
        {
            all += (long)slice.RowCount * BlocksOf(slice.FirstPosition + slice.RowCount) * keyValueHeads;
        }

        long cost = Math.Max(1, all / (threads * ItemsOfThread)); // blocks of an item
        for (int i = 0; i < slices.Length; i++)
        {
            int blocks = BlocksOf(slices[i].FirstPosition + slices[i].RowCount);
            long parts = (long)slices[i].RowCount * keyValueHeads * group * blocks;
            if (threads > 1 && blocks > 2 * cost && PartCount + parts <= MostParts)
            {
                AddParts(slices[i], i, keyValueHeads, group, (int)cost);
            }
            else
            {
                AddRows(slices[i], i, keyValueHeads, (int)Math.Clamp(cost / blocks, 1, MostRows));
            }
        }
    }

    private void AddRows(SequenceSlice slice, int index, int keyValueHeads, int rows)
    {
        for (int row = 0; row < slice.RowCount; row += rows)
        {
            int count = Math.Min(rows, slice.RowCount - row);
            int blocks = BlocksOf(slice.FirstPosition + row + count);
            for (int head = 0; head < keyValueHeads; head++)
            {
                _items.Add(new AttentionItem(index, slice.FirstRow + row, count, head, 0, blocks, -1));
            }
        }
    }

    private void AddParts(SequenceSlice slice, int index, int keyValueHeads, int group, int blocksOfItem)
    {
        for (int row = 0; row < slice.RowCount; row++)
        {
            int blocks = BlocksOf(slice.FirstPosition + row + 1);
            for (int head = 0; head < keyValueHeads; head++)
            {
                for (int block = 0; block < blocks; block += blocksOfItem)
                {
                    _items.Add(new AttentionItem(
                        index, slice.FirstRow + row, 1, head, block, Math.Min(block + blocksOfItem, blocks), PartCount));
                }

                for (int i = 0; i < group; i++)
                {
                    _merges.Add(new AttentionMerge(slice.FirstRow + row, (head * group) + i, PartCount, blocks));
                    PartCount += blocks;
                }
            }
        }
    }
}
