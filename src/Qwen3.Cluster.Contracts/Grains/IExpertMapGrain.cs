using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>Which shard of a model holds which experts. Key: the model. Never on the token path.</summary>
[Alias("qwen3.IExpertMapGrain")]
public interface IExpertMapGrain : IGrainWithStringKey
{
    /// <summary>The map; the number of shards is fixed for a model.</summary>
    [Alias("GetMap")]
    Task<ExpertMap> GetMap();
}
