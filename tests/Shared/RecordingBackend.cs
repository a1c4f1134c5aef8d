using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Tests;

/// <summary>
/// Passes everything on to another back-end and keeps what it is asked to normalise: the residual stream [T, H] before each attention,
/// before each feed-forward block, and at the end, in this order; and what the routers choose.
/// </summary>
internal sealed class RecordingBackend(IBackend inner) : IBackend
{
    public List<float[]> Hidden { get; } = [];

    public List<(int[] ExpertIds, float[] Weights)> Routes { get; } = [];

    public string Name => inner.Name;

    public Weight LoadWeight(TensorView tensor) => inner.LoadWeight(tensor);

    public Activation CreateActivation(int columns) => inner.CreateActivation(columns);

    public KvCache CreateKvCache(KvCacheShape shape) => inner.CreateKvCache(shape);

    public void Embed(Weight table, ReadOnlySpan<int> ids, Activation hidden) => inner.Embed(table, ids, hidden);

    public void Normalize(Activation input, Weight weight, float epsilon, Activation output)
    {
        float[] hidden = new float[input.Rows * input.Columns];
        inner.Download(input, hidden);
        Hidden.Add(hidden);
        inner.Normalize(input, weight, epsilon, output);
    }

    public void Project(Activation input, Weight weight, Activation output) => inner.Project(input, weight, output);

    public void ProjectAndAdd(Activation input, Weight weight, Activation output) => inner.ProjectAndAdd(input, weight, output);

    public void RotateAndStore(
        Activation queries,
        Activation keys,
        Activation values,
        AttentionWeights weights,
        float epsilon,
        RotaryTable rotary,
        StepBatch batch,
        KvCache cache,
        int layer) => inner.RotateAndStore(queries, keys, values, weights, epsilon, rotary, batch, cache, layer);

    public void Attend(Activation queries, StepBatch batch, KvCache cache, int layer, Activation output) =>
        inner.Attend(queries, batch, cache, layer, output);

    public void Route(Activation hidden, Weight gate, int expertsPerToken, bool normalizeTopK, StepBatch batch, RoutedTokens routed)
    {
        inner.Route(hidden, gate, expertsPerToken, normalizeTopK, batch, routed);
        Routes.Add((routed.ExpertIds.ToArray(), routed.Weights.ToArray()));
    }

    public void KeepRows(Activation activation, ReadOnlySpan<int> kept) => inner.KeepRows(activation, kept);

    public void Download(Activation source, Span<float> destination) => inner.Download(source, destination);

    public void AddExperts(RoutedTokens routed, Activation hidden) => inner.AddExperts(routed, hidden);

    public void ComputeExperts(
        ReadOnlySpan<ExpertGroup> groups, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots) =>
        inner.ComputeExperts(groups, inputs, rows, outputs, slots);

    public void ComputeLogits(Activation hidden, ReadOnlySpan<int> rows, Weight head, Span<float> logits) =>
        inner.ComputeLogits(hidden, rows, head, logits);

    public void Dispose() => inner.Dispose();
}
