namespace Qwen3.Cluster.Silo.Links;

/// <summary>A link could not be opened, or broke with calls under way: the first sign that a node may be gone.</summary>
internal sealed class LinkBrokenException(string node, string reason)
    : Exception($"The link to node {node} is broken: {reason}.")
{
    /// <summary>The node at its other end.</summary>
    public string Node { get; } = node;

    /// <summary>Why, without the full stop.</summary>
    public string Reason { get; } = reason;
}
