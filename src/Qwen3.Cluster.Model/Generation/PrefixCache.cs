using System.Collections.Concurrent;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// Finds full pages of the cache by what is in them: the tokens of the page and of all pages before it, and the limit on experts that
/// they were computed with. The key is a chain of 128-bit hashes; what it finds is compared token by token, so a collision costs
/// time and never gives another's content. Idle pages are given up the longest unused first.
/// </summary>
internal sealed class PrefixCache
{
    private readonly ConcurrentDictionary<UInt128, PrefixPage> _byKey = []; // the only one that others than the owner read
    private readonly Dictionary<int, PrefixPage> _byPage = [];
    private readonly LinkedList<PrefixPage> _idle = [];
    private readonly Func<ReadOnlySpan<byte>, UInt128> _hash;

    /// <param name="hash">A hash; null: SHA-256, cut to 128 bits, so that nobody can make collisions on purpose.</param>
    public PrefixCache(Func<ReadOnlySpan<byte>, UInt128>? hash = null) => _hash = hash ?? PrefixKeys.Sha256;

    /// <summary>Pages that no sequence holds.</summary>
    public int IdleCount => _idle.Count;

    /// <summary>How many of the keys of a prompt's pages are known, from the first on. May be called from any thread.</summary>
    public int CountKnown(ReadOnlySpan<UInt128> keys)
    {
        int count = 0;
        while (count < keys.Length && _byKey.ContainsKey(keys[count]))
        {
            count++;
        }

        return count;
    }

    /// <summary>Looks for a page.</summary>
    /// <param name="parent">The page before it; null at the start of a sequence.</param>
    /// <param name="expertLimit">The limit on experts of the sequence.</param>
    /// <param name="tokens">The tokens that fill the page.</param>
    /// <param name="free">When nothing is found: whether <see cref="Add"/> may be called, that is, no other content has the same key.</param>
    public PrefixPage? Find(PrefixPage? parent, int expertLimit, ReadOnlySpan<int> tokens, out bool free)
    {
        free = !_byKey.TryGetValue(Key(parent, expertLimit, tokens), out PrefixPage? page);
        return page is not null && page.Parent == parent && page.ExpertLimit == expertLimit && tokens.SequenceEqual(page.Tokens) ? page : null;
    }

    /// <summary>Makes a page known, which <see cref="Find"/> did not find; a sequence holds it.</summary>
    public PrefixPage Add(PrefixPage? parent, int expertLimit, ReadOnlySpan<int> tokens, int pageId)
    {
        PrefixPage page = new(Key(parent, expertLimit, tokens), parent, expertLimit, tokens.ToArray(), pageId);
        _byKey[page.Key] = page;
        _byPage.Add(pageId, page);
        return page;
    }

    /// <summary>Notes that no sequence holds a page any longer; false when its content is not known here.</summary>
    public bool TryRest(int pageId)
    {
        if (!_byPage.TryGetValue(pageId, out PrefixPage? page))
        {
            return false;
        }

        _idle.AddLast(page.IdleNode);
        return true;
    }

    /// <summary>Notes that a sequence holds an idle page again.</summary>
    public void Wake(int pageId) => _idle.Remove(_byPage[pageId].IdleNode);

    /// <summary>
    /// Forgets the page that has been idle longest and gives its id. Sequences let go of their last page first, so no page
    /// goes before those that follow it.
    /// </summary>
    public int EvictOldest()
    {
        PrefixPage page = _idle.First!.Value;
        _idle.RemoveFirst();
        _byKey.TryRemove(page.Key, out _);
        _byPage.Remove(page.PageId);
        return page.PageId;
    }

    private UInt128 Key(PrefixPage? parent, int expertLimit, ReadOnlySpan<int> tokens) =>
        PrefixKeys.Of(parent?.Key ?? UInt128.Zero, expertLimit, tokens, _hash);
}
