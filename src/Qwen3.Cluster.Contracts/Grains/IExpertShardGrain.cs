using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>A fixed set of a model's experts, for all layers, on one device. Key: <c>model/shard</c>.</summary>
[Alias("qwen3.IExpertShardGrain")]
public interface IExpertShardGrain : IGrainWithStringKey
{
    /// <summary>Loads the experts if they are not there yet.</summary>
    /// <exception cref="ModelUnavailableException">They could not be loaded.</exception>
    [Alias("Load"), ResponseTimeout(LoadTimeLimit.Text)]
    Task<ExpertShardStatus> Load();

    /// <summary>Computes the outputs of this shard's experts for the tokens of one layer.</summary>
    /// <exception cref="ModelUnavailableException">They could not be loaded or computed.</exception>
    [Alias("Compute")]
    Task<ExpertOutputs> Compute(ExpertBatch batch);
}
