namespace Qwen3.Cluster.Silo.Placement;

/// <summary>What one shard needs of a device.</summary>
/// <param name="Shard">The shard, 0 to the model's shards − 1; each comes once.</param>
/// <param name="Bytes">Bytes of its weights.</param>
internal readonly record struct ShardDemand(int Shard, long Bytes);
