namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>Numbers of parameters, as in <see cref="ParameterCounts"/>.</summary>
/// <param name="Total">All of the model.</param>
/// <param name="Trunk">What every token passes.</param>
/// <param name="PerExpert">One expert in all layers; 0 for a dense model.</param>
/// <param name="Active">What one token activates with k experts a layer, for k from 1 to the model's own; for a dense model one entry with k = 0.</param>
public sealed record ParameterReport(long Total, long Trunk, long PerExpert, IReadOnlyList<ActiveParameters> Active)
{
    internal static ParameterReport Of(ModelConfig config)
    {
        ParameterCounts counts = config.Parameters;
        int least = Math.Min(1, config.ExpertsPerToken);
        return new ParameterReport(counts.Total, counts.Trunk, counts.PerExpert,
            [.. Enumerable.Range(least, config.ExpertsPerToken - least + 1).Select(k => new ActiveParameters(k, counts.Active(k)))]);
    }
}
