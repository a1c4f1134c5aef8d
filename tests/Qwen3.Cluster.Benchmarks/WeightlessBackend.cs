using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>Experts that give back what they are given. There is nothing else in it: no trunk is computed with it.</summary>
/// <param name="inner">Takes the weights.</param>
internal sealed class WeightlessBackend(IBackend inner) : IBackend
{
    public string Name => "weightless";

    public Weight LoadWeight(TensorView tensor) => inner.LoadWeight(tensor);

    public void ComputeExperts(
        ReadOnlySpan<ExpertGroup> groups, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots)
    {
        int width = groups[0].Expert.Gate.Columns;
        for (int i = 0; i < rows.Length; i++)
        {
            inputs.Slice(rows[i] * width, width).CopyTo(outputs[(slots[i] * width)..]);
        }
    }

    public Activation CreateActivation(int columns) => throw NoTrunk();

    public KvCache CreateKvCache(KvCacheShape shape) => throw NoTrunk();

    public void Embed(Weight table, ReadOnlySpan<int> ids, Activation hidden) => throw NoTrunk();

    public void Normalize(Activation input, Weight weight, float epsilon, Activation output) => throw NoTrunk();

    public void Project(Activation input, Weight weight, Activation output) => throw NoTrunk();

    public void ProjectAndAdd(Activation input, Weight weight, Activation output) => throw NoTrunk();

    public void RotateAndStore(
        Activation queries,
        Activation keys,
        Activation values,
        AttentionWeights weights,
        float epsilon,
        RotaryTable rotary,
        StepBatch batch,
        KvCache cache,
        int layer) => throw NoTrunk();

    public void Attend(Activation queries, StepBatch batch, KvCache cache, int layer, Activation output) => throw NoTrunk();

    public void Route(Activation hidden, Weight gate, int expertsPerToken, bool normalizeTopK, StepBatch batch, RoutedTokens routed) =>
        throw NoTrunk();

    public void KeepRows(Activation activation, ReadOnlySpan<int> kept) => throw NoTrunk();

    public void Download(Activation source, Span<float> destination) => throw NoTrunk();

    public void AddExperts(RoutedTokens routed, Activation hidden) => throw NoTrunk();

    public void ComputeLogits(Activation hidden, ReadOnlySpan<int> rows, Weight head, Span<float> logits) => throw NoTrunk();

    public void Dispose() => inner.Dispose();

    private static NotSupportedException NoTrunk() => new("There are experts only.");
}
