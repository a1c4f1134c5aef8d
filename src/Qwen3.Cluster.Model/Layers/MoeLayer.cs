using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>
/// The feed-forward block: each token goes to the experts that the router chooses for it, and their answers are summed.
/// Where there is no router the block is dense, and every token goes to all of its slices. One for all layers: its buffers are shared.
/// </summary>
internal sealed class MoeLayer
{
    private readonly IBackend _backend;
    private readonly IExpertPool _pool;
    private readonly ModelConfig _config;
    private readonly RoutedTokens _routed;
    private float[] _sums = []; // [T, H]

    public MoeLayer(IBackend backend, IExpertPool pool, ModelConfig config)
    {
        _backend = backend;
        _pool = pool;
        _config = config;
        _routed = new RoutedTokens(config.HiddenSize, pool.Layout.MaxChoices);
    }

    /// <summary>hidden [T, H] += Σ weight · expert(normalized) over each token's experts.</summary>
    public void Forward(Activation normalized, Weight? gate, StepBatch batch, int layer, Activation hidden)
    {
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
        _pool.Begin(layer, _routed).Finish();

        int count = batch.RowCount * _config.HiddenSize;
        if (_sums.Length < count)
        {
            _sums = new float[Math.Max(count, _sums.Length * 2)];
        }

        _routed.Combine(_sums.AsSpan(0, count));
        _backend.UploadAndAdd(_sums.AsSpan(0, count), hidden);
    }
}
