using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>One node: what it has, and what it does for the grains that come and go. Key: the silo's address; it lives nowhere else.</summary>
[Alias("qwen3.INodeGrain")]
public interface INodeGrain : IGrainWithStringKey
{
    /// <summary>What the node has and holds.</summary>
    [Alias("GetStatus")]
    Task<NodeStatus> GetStatus();

    /// <summary>Loads a shard whose grain is to come.</summary>
    /// <exception cref="ModelUnavailableException">It could not be loaded.</exception>
    [Alias("Prepare"), ResponseTimeout(LoadTimeLimit.Text)]
    Task Prepare(string model, int shard, IReadOnlyList<LayerExpert> experts);

    /// <summary>Frees a shard that nobody uses any more; without effect when it is not here.</summary>
    [Alias("Release")]
    Task Release(ulong epoch);
}
