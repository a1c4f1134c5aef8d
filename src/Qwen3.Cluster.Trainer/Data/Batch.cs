namespace Qwen3.Cluster.Trainer.Data;

/// <summary>The tokens of one step: rows of equal length, each filled with samples one after the other.</summary>
internal sealed class Batch(int rowCount, int rowLength)
{
    /// <summary>In <see cref="Targets"/>: nothing is learned here.</summary>
    public const int NoTarget = -1;

    /// <summary>B.</summary>
    public int RowCount { get; } = rowCount;

    /// <summary>T.</summary>
    public int RowLength { get; } = rowLength;

    /// <summary>[B · T].</summary>
    public int[] Ids { get; } = new int[rowCount * rowLength];

    /// <summary>The token that follows each one, or <see cref="NoTarget"/>, [B · T].</summary>
    public int[] Targets { get; } = new int[rowCount * rowLength];

    /// <summary>Which sample of its row each token belongs to, [B · T]. A token sees those of its own sample alone.</summary>
    public int[] Segments { get; } = new int[rowCount * rowLength];
}
