namespace Qwen3.Cluster.Model.Generation;

/// <summary>A full page of the cache whose content is known.</summary>
internal sealed class PrefixPage
{
    public PrefixPage(UInt128 key, PrefixPage? parent, int expertLimit, int[] tokens, int pageId)
    {
        (Key, Parent, ExpertLimit, Tokens, PageId) = (key, parent, expertLimit, tokens, pageId);
        IdleNode = new LinkedListNode<PrefixPage>(this);
    }

    /// <summary>The hash of the chain of pages up to this one.</summary>
    public UInt128 Key { get; }

    /// <summary>The page before it in its sequences; null: it is their first.</summary>
    public PrefixPage? Parent { get; }

    /// <summary>The limit on experts that it was computed with.</summary>
    public int ExpertLimit { get; }

    /// <summary>Its tokens.</summary>
    public int[] Tokens { get; }

    /// <summary>Its id in the model's cache.</summary>
    public int PageId { get; }

    /// <summary>Its place in the list of idle pages.</summary>
    public LinkedListNode<PrefixPage> IdleNode { get; }
}
