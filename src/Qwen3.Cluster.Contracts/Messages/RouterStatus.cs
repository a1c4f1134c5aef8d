namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>What a router has to do.</summary>
[GenerateSerializer, Immutable, Alias("qwen3.RouterStatus")]
public sealed record RouterStatus
{
    /// <summary>Sequences in the batch.</summary>
    [Id(0)]
    public int Running { get; init; }

    /// <summary>Requests in its queue.</summary>
    [Id(1)]
    public int Waiting { get; init; }

    /// <summary>Pages of the cache that hold nothing.</summary>
    [Id(2)]
    public int FreePages { get; init; }

    /// <summary>Pages of the cache.</summary>
    [Id(3)]
    public int PageCount { get; init; }
}
