namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Rows of one sequence whose attention to one head of keys and values one thread computes, over some of the blocks of positions.</summary>
/// <param name="Slice">The sequence in the batch.</param>
/// <param name="FirstRow">The first row, in the batch.</param>
/// <param name="RowCount">Rows.</param>
/// <param name="KeyValueHead">The head.</param>
/// <param name="FirstBlock">The first block of positions.</param>
/// <param name="EndBlock">One past the last; where nothing is shared out, past that of the last row.</param>
/// <param name="FirstPart">
/// Negative: all blocks are here, and the item writes the output. Else the one row's blocks are shared out, and this is where the row's first head
/// of this group has its first block among the parts.
/// </param>
internal readonly record struct AttentionItem(int Slice, int FirstRow, int RowCount, int KeyValueHead, int FirstBlock, int EndBlock, int FirstPart);
