using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.IntegrationTests.Silo;

/// <summary>The reference back-end, as <c>hooked</c>; a test hears of each step of a trunk and each batch of an expert, and can block or fail it.</summary>
internal sealed class HookedBackends : IBackendFactory
{
    public Action BeforeStep { get; set; } = () => { };

    public Action BeforeExpert { get; set; } = () => { };

    public Action OnCreate { get; set; } = () => { };

    public string Name => "hooked";

    public ComputeDevice Device => ComputeDevice.Cpu();

    public double BytesOf(TensorType type) => sizeof(float);

    public IBackend Create(int threads)
    {
        OnCreate();
        return new Hooked(this);
    }

    private sealed class Hooked(HookedBackends hooks) : IBackend
    {
        private readonly ReferenceBackend _inner = new();

        public string Name => hooks.Name;

        public Weight LoadWeight(TensorView tensor) => _inner.LoadWeight(tensor);

        public Activation CreateActivation(int columns) => _inner.CreateActivation(columns);

        public KvCache CreateKvCache(KvCacheShape shape) => _inner.CreateKvCache(shape);

        public void Embed(Weight table, ReadOnlySpan<int> ids, Activation hidden)
        {
            hooks.BeforeStep();
            _inner.Embed(table, ids, hidden);
        }

        public void Normalize(Activation input, Weight weight, float epsilon, Activation output) => _inner.Normalize(input, weight, epsilon, output);

        public void Project(Activation input, Weight weight, Activation output) => _inner.Project(input, weight, output);

        public void ProjectAndAdd(Activation input, Weight weight, Activation output) => _inner.ProjectAndAdd(input, weight, output);

        public void RotateAndStore(
            Activation queries,
            Activation keys,
            Activation values,
            AttentionWeights weights,
            float epsilon,
            RotaryTable rotary,
            StepBatch batch,
            KvCache cache,
            int layer) => _inner.RotateAndStore(queries, keys, values, weights, epsilon, rotary, batch, cache, layer);

        public void Attend(Activation queries, StepBatch batch, KvCache cache, int layer, Activation output) =>
            _inner.Attend(queries, batch, cache, layer, output);

        public void Route(Activation hidden, Weight gate, int expertsPerToken, bool normalizeTopK, StepBatch batch, RoutedTokens routed) =>
            _inner.Route(hidden, gate, expertsPerToken, normalizeTopK, batch, routed);

        public void KeepRows(Activation activation, ReadOnlySpan<int> kept) => _inner.KeepRows(activation, kept);

        public void Download(Activation source, Span<float> destination) => _inner.Download(source, destination);

        public void AddExperts(RoutedTokens routed, Activation hidden) => _inner.AddExperts(routed, hidden);

        public void ComputeExperts(
            ReadOnlySpan<ExpertGroup> groups, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots)
        {
            hooks.BeforeExpert();
            _inner.ComputeExperts(groups, inputs, rows, outputs, slots);
        }

        public void ComputeLogits(Activation hidden, ReadOnlySpan<int> rows, Weight head, Span<float> logits) =>
            _inner.ComputeLogits(hidden, rows, head, logits);

        public void Dispose() => _inner.Dispose();
    }
}
