namespace Qwen3.Cluster.Silo.Experts;

/// <summary>The choices of one layer that go to one shard. Made once and filled again; memory grows when it must.</summary>
/// <param name="shard">The shard, 0 to shards − 1.</param>
internal sealed class ShardChoices(int shard)
{
    private int[] _rows = [];
    private int[] _experts = [];
    private int[] _slots = [];

    /// <summary>The shard.</summary>
    public int Shard { get; } = shard;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>For each, the token's row of the inputs; tokens in ascending order.</summary>
    public ReadOnlyMemory<int> Rows => _rows.AsMemory(0, Count);

    /// <summary>For each, the expert.</summary>
    public ReadOnlyMemory<int> Experts => _experts.AsMemory(0, Count);

    /// <summary>For each, the slot of the tokens' outputs that the answer belongs to.</summary>
    public ReadOnlyMemory<int> Slots => _slots.AsMemory(0, Count);

    /// <summary>Forgets them.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds one.</summary>
    public void Add(int row, int expert, int slot)
    {
        if (Count == _rows.Length)
        {
            int length = Math.Max(16, 2 * Count);
            Array.Resize(ref _rows, length);
            Array.Resize(ref _experts, length);
            Array.Resize(ref _slots, length);
        }

        _rows[Count] = row;
        _experts[Count] = expert;
        _slots[Count++] = slot;
    }
}
