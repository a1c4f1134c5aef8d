using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>A set of a model's experts, of all layers, on one device. Key: <c>model/shard</c>.</summary>
[Alias("qwen3.IExpertShardGrain")]
public interface IExpertShardGrain : IGrainWithStringKey
{
    /// <summary>Loads the experts if they are not there yet, and says where the data plane reaches them.</summary>
    /// <exception cref="ModelUnavailableException">They could not be loaded.</exception>
    [Alias("Open"), ResponseTimeout(LoadTimeLimit.Text)]
    Task<ShardEndpoint> Open();

    /// <summary>Loads those of the experts that are not there, then drops those that are there and not among them. It answers meanwhile.</summary>
    /// <exception cref="ModelUnavailableException">They could not be loaded.</exception>
    [Alias("Hold"), ResponseTimeout(LoadTimeLimit.Text)]
    Task Hold(IReadOnlyList<LayerExpert> experts);

    /// <summary>Lets the grain go to another node, which has been told to prepare. What it leaves here answers until it is released.</summary>
    [Alias("MoveTo")]
    Task MoveTo(string node);

    /// <summary>Computes the outputs of this shard's experts for the tokens of one layer: for routers that have no link to this node.</summary>
    /// <exception cref="ModelUnavailableException">They could not be loaded or computed.</exception>
    [Alias("Compute")]
    Task<ExpertOutputs> Compute(ExpertBatch batch);
}
