using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>The choices of one section of a request, as its shard sees them.</summary>
/// <param name="job">The request.</param>
internal sealed class SectionWork(RequestJob job) : ShardWork
{
    /// <summary>The shard, until it has answered.</summary>
    public IShardExecutor? Shard { get; set; }

    /// <inheritdoc/>
    public override void Complete(Exception? error)
    {
        // Work that waits for its next request must not keep the weights of a shard that has left.
        Shard = null;
        Computation = null;
        job.EndSection(error);
    }
}
