using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Torch.Loading;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Qwen3.Cluster.Torch;

/// <summary>
/// The arithmetic in libtorch, float32: on the first CUDA device where the libtorch that was built in finds one, else on the CPU.
/// Close to the other back-ends, not equal to the bit: libtorch chooses its kernels by the shape of the batch.
/// </summary>
public sealed class TorchBackend : IBackend
{
    private readonly Device device;
    private float[] expertSums = []; // [T, H], in host memory

    /// <summary>Loads libtorch, if this process has not done so yet, and takes the device.</summary>
    /// <exception cref="NativeTorchException">libtorch cannot be loaded.</exception>
    public TorchBackend()
    {
        NativeTorch.Load();
        device = cuda.is_available() ? CUDA : CPU;
    }

    /// <inheritdoc/>
    public string Name => "torch";

    /// <inheritdoc/>
    public Weight LoadWeight(TensorView tensor) => new TorchWeight(tensor, device);

    /// <inheritdoc/>
    public Activation CreateActivation(int columns) => new TorchActivation(columns, device);

    /// <inheritdoc/>
    public KvCache CreateKvCache(KvCacheShape shape) => new TorchKvCache(shape, device);

    /// <inheritdoc/>
    public void Embed(Weight table, ReadOnlySpan<int> ids, Activation hidden)
    {
        foreach (int id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)id, (uint)table.Rows, nameof(ids));
        }

        using Work work = new();
        Of(hidden).copy_(Of(table).index_select(0, HostMemory.Indices(ids, device)));
    }

    /// <inheritdoc/>
    public void Normalize(Activation input, Weight weight, float epsilon, Activation output)
    {
        using Work work = new();
        Of(output).copy_(RmsNorm(Of(input), Of(weight), epsilon));
    }

    /// <inheritdoc/>
    public void Project(Activation input, Weight weight, Activation output)
    {
        using Work work = new();
        Of(output).copy_(linear(Of(input), Of(weight)));
    }

    /// <inheritdoc/>
    public void ProjectAndAdd(Activation input, Weight weight, Activation output)
    {
        using Work work = new();
        Of(output).add_(linear(Of(input), Of(weight)));
    }

    /// <inheritdoc/>
    public void RotateAndStore(
        Activation queries,
        Activation keys,
        Activation values,
        AttentionWeights weights,
        float epsilon,
        RotaryTable rotary,
        StepBatch batch,
        KvCache cache,
        int layer)
    {
        using Work work = new();
        TorchKvCache stored = (TorchKvCache)cache;
        int dim = cache.Shape.HeadDim;
        Tensor cosines = HostMemory.Floats(rotary.Cosines, device, batch.RowCount, 1, dim / 2);
        Tensor sines = HostMemory.Floats(rotary.Sines, device, batch.RowCount, 1, dim / 2);
        Tensor q = Heads(queries, dim), k = Heads(keys, dim);
        q.copy_(Rotate(RmsNorm(q, Of(weights.QueryNorm), epsilon), cosines, sines));
        stored.Store(layer, batch.Slices, Rotate(RmsNorm(k, Of(weights.KeyNorm), epsilon), cosines, sines), Heads(values, dim));
    }

    /// <inheritdoc/>
    public void Attend(Activation queries, StepBatch batch, KvCache cache, int layer, Activation output)
    {
        TorchKvCache stored = (TorchKvCache)cache;
        int dim = cache.Shape.HeadDim;
        int group = queries.Columns / dim / cache.Shape.KeyValueHeadCount;
        foreach (SequenceSlice slice in batch.Slices)
        {
            using Work work = new();
            Tensor q = Heads(queries, dim).narrow(0, slice.FirstRow, slice.RowCount).transpose(0, 1); // [heads, rows, D]
            (Tensor k, Tensor v) = stored.Gather(layer, slice); // [positions, KV heads, D]
            // A single row sees all that is stored; of several, row i does not see what comes after it.
            Tensor? mask = slice.RowCount == 1 ? null : ones([slice.RowCount, k.shape[0]], @bool, device).tril(slice.FirstPosition);
            Tensor attended = scaled_dot_product_attention(
                q.unsqueeze(0),
                k.transpose(0, 1).repeat_interleave(group, dim: 0).unsqueeze(0),
                v.transpose(0, 1).repeat_interleave(group, dim: 0).unsqueeze(0),
                mask);
            Heads(output, dim).narrow(0, slice.FirstRow, slice.RowCount).copy_(attended.squeeze(0).transpose(0, 1));
        }
    }

    /// <inheritdoc/>
    public void Route(Activation hidden, Weight gate, int expertsPerToken, bool normalizeTopK, StepBatch batch, RoutedTokens routed)
    {
        using Work work = new();
        Tensor probabilities = softmax(linear(Of(hidden), Of(gate)), dim: -1).cpu();
        ReadOnlySpan<float> all = HostMemory.Values(probabilities);
        foreach (SequenceSlice slice in batch.Slices)
        {
            for (int t = slice.FirstRow; t < slice.FirstRow + slice.RowCount; t++)
            {
                routed.ChooseTop(t, all.Slice(t * gate.Rows, gate.Rows), expertsPerToken, slice.ExpertLimit, normalizeTopK);
            }
        }
    }

    /// <inheritdoc/>
    public void KeepRows(Activation activation, ReadOnlySpan<int> kept)
    {
        using Work work = new();
        Tensor rows = Of(activation).index_select(0, HostMemory.Indices(kept, device));
        activation.Resize(kept.Length);
        Of(activation).copy_(rows);
    }

    /// <inheritdoc/>
    public void Download(Activation source, Span<float> destination)
    {
        using Work work = new();
        HostMemory.Values(Of(source).cpu()).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void AddExperts(RoutedTokens routed, Activation hidden)
    {
        using Work work = new();
        int count = checked(routed.TokenCount * routed.HiddenSize);
        if (expertSums.Length < count)
        {
            expertSums = new float[Math.Max(count, expertSums.Length * 2)];
        }

        for (int token = 0; token < routed.TokenCount; token++)
        {
            routed.Combine(token, expertSums.AsSpan(token * routed.HiddenSize, routed.HiddenSize));
        }

        Of(hidden).add_(HostMemory.Floats(expertSums.AsSpan(0, count), device, hidden.Rows, hidden.Columns));
    }

    /// <inheritdoc/>
    public void ComputeExperts(
        ReadOnlySpan<ExpertGroup> groups, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots)
    {
        foreach (ExpertGroup group in groups)
        {
            ComputeExpert(group.Expert, inputs, rows.Slice(group.First, group.Count), outputs, slots.Slice(group.First, group.Count));
        }
    }

    /// <inheritdoc/>
    public void ComputeLogits(Activation hidden, ReadOnlySpan<int> rows, Weight head, Span<float> logits)
    {
        using Work work = new();
        Tensor scores = linear(Of(hidden).index_select(0, HostMemory.Indices(rows, device)), Of(head)).cpu();
        HostMemory.Values(scores).CopyTo(logits);
    }

    /// <summary>Nothing to free: the memory belongs to weights, activations and caches.</summary>
    public void Dispose()
    {
    }

    private void ComputeExpert(ExpertWeights expert, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots)
    {
        using Work work = new();
        int hidden = expert.Gate.Columns;
        Tensor gathered = empty([rows.Length, hidden], float32);
        Span<float> room = HostMemory.Values(gathered);
        for (int i = 0; i < rows.Length; i++)
        {
            inputs.Slice(rows[i] * hidden, hidden).CopyTo(room[(i * hidden)..]);
        }

        Tensor x = gathered.to(device);
        Tensor y = linear(silu(linear(x, Of(expert.Gate))) * linear(x, Of(expert.Up)), Of(expert.Down)).cpu();
        ReadOnlySpan<float> answers = HostMemory.Values(y);
        for (int i = 0; i < slots.Length; i++)
        {
            answers.Slice(i * hidden, hidden).CopyTo(outputs[(slots[i] * hidden)..]);
        }
    }

    private static Tensor Of(Weight weight) => ((TorchWeight)weight).Values;

    private static Tensor Of(Activation activation) => ((TorchActivation)activation).Values;

    /// <summary>The same memory as [rows, heads, D].</summary>
    private static Tensor Heads(Activation activation, int dim) => Of(activation).view(activation.Rows, -1, dim);

    private static Tensor RmsNorm(Tensor x, Tensor weight, float epsilon) =>
        x * (x.square().mean([-1], keepdim: true) + epsilon).rsqrt() * weight;

    /// <summary>Turns [rows, heads, D]: element i of the first half with element i of the second.</summary>
    private static Tensor Rotate(Tensor x, Tensor cosines, Tensor sines)
    {
        Tensor[] halves = x.chunk(2, dim: -1);
        return cat([(halves[0] * cosines) - (halves[1] * sines), (halves[1] * cosines) + (halves[0] * sines)], dim: -1);
    }

    /// <summary>One piece of work: no gradients are noted, and what it made is freed at its end.</summary>
    private sealed class Work : IDisposable
    {
        private readonly DisposeScope scope = NewDisposeScope();
        private readonly IDisposable guard = inference_mode();

        public void Dispose()
        {
            guard.Dispose();
            scope.Dispose();
        }
    }
}
