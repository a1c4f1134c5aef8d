namespace Qwen3.Cluster.Silo.Experts;

/// <summary>The shards that are loaded in this process, by the epoch that each one got when it was loaded. Safe for several callers at once.</summary>
internal interface IShardDirectory
{
    /// <summary>The shard of an epoch; null: it has left this process, or never was here.</summary>
    IShardExecutor? Find(ulong epoch);
}
