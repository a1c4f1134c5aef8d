using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>
/// The feed-forward block: each token goes to the experts that the router chooses for it, and their answers are summed.
/// Where there is no router the block is dense, and every token goes to all of its slices. One for all layers: its buffers are shared.
/// What it begins it ends before it begins again, unless a step fails.
/// </summary>
internal sealed class MoeLayer
{
    private readonly IBackend _backend;
    private readonly IExpertPool _pool;
    private readonly ModelConfig _config;
    private readonly RoutedTokens _routed;
    private IExpertCall? _call;

    public MoeLayer(IBackend backend, IExpertPool pool, ModelConfig config)
    {
        _backend = backend;
        _pool = pool;
        _config = config;
        _routed = new RoutedTokens(config.HiddenSize, pool.Layout.MaxChoices);
    }

    /// <summary>Sends normalized [T, H] to each token's experts, in the pool's precision.</summary>
    public void Begin(Activation normalized, Weight? gate, StepBatch batch, int layer)
    {
        Abandon();
        _routed.Reset(batch.RowCount);
        if (gate is null)
        {
            _routed.ChooseAll(_pool.Layout.ExpertCountOf(layer));
        }
        else
        {
            _backend.Route(normalized, gate, _config.ExpertsPerToken, _config.NormalizeTopK, batch, _routed);
        }

        _backend.Download(normalized, _routed.Inputs.Span);
        _pool.Precision.Round(_routed.Inputs.Span);
        _call = _pool.Begin(layer, _routed);
    }

    /// <summary>Forgets what a failed step has left under way; before a layer that asks no expert, as <see cref="Begin"/> does before one that does.</summary>
    public void Abandon()
    {
        if (_call is not null)
        {
            _routed.Abandon();
            _call = null;
        }
    }

    /// <summary>hidden [T, H] += Σ weight · expert(normalized) over each token's experts, once they have answered; nothing if none was asked.</summary>
    public void End(Activation hidden)
    {
        if (_call is null)
        {
            return;
        }

        _call.Finish();
        _call = null;
        _routed.RoundOutputs(_pool.Precision);
        _backend.AddExperts(_routed, hidden);
    }
}
