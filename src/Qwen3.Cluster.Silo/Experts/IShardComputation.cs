namespace Qwen3.Cluster.Silo.Experts;

/// <summary>What a shard does with a piece of work when its turn has come, on its compute thread.</summary>
internal interface IShardComputation
{
    /// <summary>Fills the outputs.</summary>
    /// <exception cref="ArgumentException">The work names an expert, a layer or a row that is not there.</exception>
    void Compute(ShardWork work);
}
