namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What a router has to do, and what it has of a prompt.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.RouterOffer")]
public sealed record RouterOffer
{
    /// <summary>Whether it takes requests now: it is loaded, and its node does not drain.</summary>
    [Id(0)]
    public bool IsReady { get; init; }

    /// <summary>Pages of the prompt that are in its cache, from the first on.</summary>
    [Id(1)]
    public int CachedPages { get; init; }

    /// <summary>Sequences in the batch.</summary>
    [Id(2)]
    public int Running { get; init; }

    /// <summary>Sequences that wait for a place.</summary>
    [Id(3)]
    public int Waiting { get; init; }
}
