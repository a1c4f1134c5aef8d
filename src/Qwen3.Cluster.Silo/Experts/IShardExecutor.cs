namespace Qwen3.Cluster.Silo.Experts;

/// <summary>A loaded shard of this process, as the data plane sees it. Safe for several callers at once.</summary>
internal interface IShardExecutor
{
    /// <summary>H, the length of an expert's input and output.</summary>
    int HiddenSize { get; }

    /// <summary>
    /// Computes a piece of work at once, on the calling thread, when nothing else is computed; else when its turn comes.
    /// Its <see cref="ShardWork.Complete"/> is called in any case. Allocates nothing.
    /// </summary>
    void Start(ShardWork work);
}
