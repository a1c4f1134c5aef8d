namespace Qwen3.Cluster.Model.Generation;

/// <summary>The model's cache as sequences use it: each gets pages for its tokens, finds those that another has filled, and gives them back.</summary>
internal sealed class PagedCache
{
    private readonly int _pageSize;
    private readonly PagePool _pool;
    private readonly PrefixCache? _prefixes;

    /// <param name="pageSize">Positions a page.</param>
    /// <param name="pageCount">Pages in all.</param>
    /// <param name="prefixes">Where full pages are found again; null: each sequence computes its own.</param>
    public PagedCache(int pageSize, int pageCount, PrefixCache? prefixes)
    {
        (_pageSize, _prefixes, TotalPages) = (pageSize, prefixes, pageCount);
        _pool = new PagePool(pageCount, prefixes);
    }

    /// <summary>Pages in all.</summary>
    public int TotalPages { get; }

    /// <summary>Pages that no sequence holds.</summary>
    public int FreePages => _pool.AvailableCount;

    /// <summary>
    /// Gives a sequence without pages those that hold the start of its tokens. One token at least is left to compute: its logits
    /// are wanted, and the cache does not keep them.
    /// </summary>
    public void AdoptPrefix(Sequence sequence)
    {
        if (_prefixes is null)
        {
            return;
        }

        int most = (sequence.Count - 1) / _pageSize;
        while (sequence.KnownPages < most
            && _prefixes.Find(sequence.LastKnownPage, sequence.ExpertLimit, TokensOfPage(sequence, sequence.KnownPages), out _) is { } page)
        {
            _pool.Hold(page.PageId);
            sequence.Pages.Add(page.PageId);
            sequence.LastKnownPage = page;
            sequence.KnownPages++;
        }

        sequence.Computed = sequence.KnownPages * _pageSize;
    }

    /// <summary>Gives a sequence pages for all tokens that it has and the drafts that are to run; false, and nothing given, when there are too few.</summary>
    public bool TryReserve(Sequence sequence)
    {
        int missing = PagesFor(sequence.Count + sequence.DraftsToRun) - sequence.Pages.Count;
        if (missing > _pool.AvailableCount)
        {
            return false;
        }

        for (; missing > 0; missing--)
        {
            sequence.Pages.Add(_pool.Take());
        }

        return true;
    }

    /// <summary>
    /// Notes that the model has run the next rows of a sequence, and makes the pages that they filled known. Where another sequence
    /// has filled a page with the same meanwhile, both use that one.
    /// </summary>
    public void Commit(Sequence sequence, int rowCount)
    {
        sequence.Computed += rowCount;
        while (_prefixes is not null && sequence.CanShare && (sequence.KnownPages + 1) * _pageSize <= sequence.Computed)
        {
            int index = sequence.KnownPages;
            ReadOnlySpan<int> tokens = TokensOfPage(sequence, index);
            if (_prefixes.Find(sequence.LastKnownPage, sequence.ExpertLimit, tokens, out bool free) is { } page)
            {
                _pool.Hold(page.PageId);
                _pool.Release(sequence.Pages[index]);
                sequence.Pages[index] = page.PageId;
            }
            else if (free)
            {
                page = _prefixes.Add(sequence.LastKnownPage, sequence.ExpertLimit, tokens, sequence.Pages[index]);
            }
            else
            {
                sequence.CanShare = false;
                return;
            }

            sequence.LastKnownPage = page;
            sequence.KnownPages++;
        }
    }

    /// <summary>Takes the pages from a sequence that only drafts were in, the last first.</summary>
    public void ReleaseDrafts(Sequence sequence)
    {
        while (sequence.Pages.Count > PagesFor(sequence.Count))
        {
            _pool.Release(sequence.Pages.RemoveLast());
        }
    }

    /// <summary>Takes all pages from a sequence, the last first.</summary>
    public void Release(Sequence sequence)
    {
        for (int index = sequence.Pages.Count - 1; index >= 0; index--)
        {
            _pool.Release(sequence.Pages[index]);
        }

        sequence.Pages.Clear();
        (sequence.Computed, sequence.KnownPages, sequence.LastKnownPage, sequence.CanShare) = (0, 0, null, true);
    }

    private int PagesFor(int tokens) => (tokens + _pageSize - 1) / _pageSize;

    private ReadOnlySpan<int> TokensOfPage(Sequence sequence, int index) => sequence.Tokens.Slice(index * _pageSize, _pageSize);
}
