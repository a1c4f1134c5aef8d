namespace Qwen3.Cluster.Model.Generation;

/// <summary>The pages of one sequence, in the order of its positions.</summary>
internal sealed class PageTable
{
    private int[] _pages = new int[4];

    /// <summary>Pages in it.</summary>
    public int Count { get; private set; }

    /// <summary>The id of a page.</summary>
    public int this[int index]
    {
        get => _pages[index];
        set => _pages[index] = value;
    }

    /// <summary>The ids, as a step takes them; good until the table changes.</summary>
    public ReadOnlyMemory<int> AsMemory() => _pages.AsMemory(0, Count);

    /// <summary>Adds a page at the end.</summary>
    public void Add(int page)
    {
        if (Count == _pages.Length)
        {
            Array.Resize(ref _pages, Count * 2);
        }

        _pages[Count++] = page;
    }

    /// <summary>Takes the last page away and gives its id; there must be one.</summary>
    public int RemoveLast() => _pages[--Count];

    /// <summary>Forgets all pages.</summary>
    public void Clear() => Count = 0;
}
