namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>What one merge gives.</summary>
/// <param name="Rank">Position in the list of merges; the lowest goes first.</param>
/// <param name="Token">Id of the merged token.</param>
internal readonly record struct Merge(int Rank, int Token);

/// <summary>The merges of a vocabulary, by the ids of their halves. Read-only once filled.</summary>
/// <param name="byteTokens">[256]: the token of each single byte.</param>
/// <param name="capacity">Number of merges to come.</param>
internal sealed class BytePairMerges(int[] byteTokens, int capacity)
{
    private readonly Dictionary<ulong, Merge> _merges = new(capacity);

    /// <summary>[256]: the token of each single byte, with which every word starts.</summary>
    public int[] ByteTokens { get; } = byteTokens;

    /// <summary>Adds the merge that comes after all others; false when the pair has one already.</summary>
    public bool TryAdd(int left, int right, int merged) => _merges.TryAdd(Key(left, right), new Merge(_merges.Count, merged));

    public bool TryGet(int left, int right, out Merge merge) => _merges.TryGetValue(Key(left, right), out merge);

    // ulong's own hash is the exclusive or of its halves, which collides for neighbouring ids. An odd factor mixes the bits
    // and loses none (multiplication by it is a bijection modulo 2^64), so that the product is still a key.
    private static ulong Key(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) * 0x9E3779B97F4A7C15;
}
