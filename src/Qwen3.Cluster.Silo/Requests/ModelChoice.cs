using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>A model that can answer a request, and how much of it does.</summary>
/// <param name="Model">The model.</param>
/// <param name="Activation">The largest of its activations that the request allows.</param>
internal sealed record ModelChoice(ModelFiles Model, Activation Activation)
{
    /// <summary>For <see cref="RouterCall.MaxExperts"/>: null where the model asks as many as it always does.</summary>
    public int? MaxExperts => Activation == Model.Activations[^1] ? null : Activation.ExpertsPerToken;
}
