namespace Qwen3.Cluster.Silo.Experts;

/// <summary>A loaded shard of this process, as the data plane sees it. Safe for several callers at once.</summary>
internal interface IShardExecutor
{
    /// <summary>H, the length of an expert's input and output.</summary>
    int HiddenSize { get; }

    /// <summary>Queues a piece of work; its <see cref="ShardWork.Complete"/> is called in any case. Allocates nothing.</summary>
    void Post(ShardWork work);
}
