using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>Puts together what an operator sees of the cluster. Stateless; key 0.</summary>
[Alias("qwen3.ITopologyGrain")]
public interface ITopologyGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Nodes, what lives on them, and how the models do. It loads nothing, and answers within seconds: who says nothing until then is named as silent.
    /// </summary>
    [Alias("GetTopology")]
    Task<ClusterTopology> GetTopology();
}
