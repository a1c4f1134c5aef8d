using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>Grouped-query attention with norms on queries and keys. One for all layers: its buffers are shared.</summary>
internal sealed class AttentionLayer : IDisposable
{
    private readonly IBackend _backend;
    private readonly float _epsilon;
    private readonly Activation _queries; // [T, Q]
    private readonly Activation _keys; // [T, KV]
    private readonly Activation _values; // [T, KV]
    private readonly Activation _attended; // [T, Q]

    public AttentionLayer(IBackend backend, ModelConfig config)
    {
        _backend = backend;
        _epsilon = (float)config.RmsNormEpsilon;
        _queries = backend.CreateActivation(config.HeadCount * config.HeadDim);
        _keys = backend.CreateActivation(config.KeyValueHeadCount * config.HeadDim);
        _values = backend.CreateActivation(config.KeyValueHeadCount * config.HeadDim);
        _attended = backend.CreateActivation(config.HeadCount * config.HeadDim);
    }

    /// <summary>hidden [T, H] += attention of normalized [T, H]; the cache of the layer gets the rows' keys and values.</summary>
    public void Forward(
        Activation normalized, AttentionWeights weights, RotaryTable rotary, StepBatch batch, KvCache cache, int layer, Activation hidden)
    {
        ProjectAndStore(normalized, weights, rotary, batch, cache, layer);
        Attend(weights, batch, cache, layer, hidden);
    }

    /// <summary>
    /// The same where only some rows have a layer after this one: the cache gets the keys and values of all, and hidden, which has those rows alone,
    /// their attention.
    /// </summary>
    /// <param name="normalized">[T, H], of all rows.</param>
    /// <param name="weights">Of the layer.</param>
    /// <param name="rotary">Of all rows.</param>
    /// <param name="batch">All rows.</param>
    /// <param name="wanted">The rows that go on: those of the batch whose logits are wanted.</param>
    /// <param name="cache">Gets keys and values.</param>
    /// <param name="layer">The layer of the cache.</param>
    /// <param name="hidden">[wanted, H], or of no use where none is.</param>
    public void ForwardWanted(
        Activation normalized, AttentionWeights weights, RotaryTable rotary, StepBatch batch, StepBatch wanted, KvCache cache, int layer, Activation hidden)
    {
        ProjectAndStore(normalized, weights, rotary, batch, cache, layer);
        if (wanted.RowCount > 0)
        {
            _backend.KeepRows(_queries, batch.LogitRows);
            Attend(weights, wanted, cache, layer, hidden);
        }
    }

    /// <summary>The cache of the layer gets the keys and values of normalized [T, H]; nothing attends to them yet.</summary>
    public void ProjectAndStore(Activation normalized, AttentionWeights weights, RotaryTable rotary, StepBatch batch, KvCache cache, int layer)
    {
        _queries.Resize(batch.RowCount);
        _keys.Resize(batch.RowCount);
        _values.Resize(batch.RowCount);

        _backend.Project(normalized, weights.Query, _queries);
        _backend.Project(normalized, weights.Key, _keys);
        _backend.Project(normalized, weights.Value, _values);
        _backend.RotateAndStore(_queries, _keys, _values, weights, _epsilon, rotary, batch, cache, layer);
    }

    public void Dispose()
    {
        _queries.Dispose();
        _keys.Dispose();
        _values.Dispose();
        _attended.Dispose();
    }

    private void Attend(AttentionWeights weights, StepBatch batch, KvCache cache, int layer, Activation hidden)
    {
        _attended.Resize(batch.RowCount);
        _backend.Attend(_queries, batch, cache, layer, _attended);
        _backend.ProjectAndAdd(_attended, weights.Output, hidden);
    }
}
