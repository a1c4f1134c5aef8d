namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// Hands out the pages of the cache. A page may be held by many sequences; when the last lets go it is free, or, where its content
/// is worth keeping, idle in the <see cref="PrefixCache"/> until it is wanted again or its room is.
/// </summary>
internal sealed class PagePool
{
    private readonly int[] _holders;
    private readonly Stack<int> _free;
    private readonly PrefixCache? _prefixes;

    /// <param name="pageCount">Pages, with ids 0 to pageCount − 1.</param>
    /// <param name="prefixes">Where pages are kept for their content; null: nowhere.</param>
    public PagePool(int pageCount, PrefixCache? prefixes)
    {
        _holders = new int[pageCount];
        _free = new Stack<int>(pageCount);
        for (int page = pageCount - 1; page >= 0; page--)
        {
            _free.Push(page);
        }

        _prefixes = prefixes;
    }

    /// <summary>Pages that <see cref="Take"/> can give.</summary>
    public int AvailableCount => _free.Count + (_prefixes?.IdleCount ?? 0);

    /// <summary>Gives a page to a first holder, the longest idle one if no other is free; there must be one available.</summary>
    public int Take()
    {
        int page = _free.Count > 0 ? _free.Pop() : _prefixes!.EvictOldest();
        _holders[page] = 1;
        return page;
    }

    /// <summary>Adds a holder to a page that has some, or is idle.</summary>
    public void Hold(int page)
    {
        if (_holders[page]++ == 0)
        {
            _prefixes!.Wake(page);
        }
    }

    /// <summary>Takes a holder away.</summary>
    public void Release(int page)
    {
        if (--_holders[page] == 0 && !(_prefixes?.TryRest(page) ?? false))
        {
            _free.Push(page);
        }
    }
}
