using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Backends;

/// <summary>
/// The arithmetic by vector instructions of the processor, on float32, bfloat16 and packed weights; those that are mapped are used where they lie.
/// Products with packed weights take the row as bytes, quantised once for all of them.
/// Every result has its own order of additions, the same on every machine: it does not depend on the batch, the threads or the registers.
/// </summary>
public sealed unsafe class SimdBackend : IBackend
{
    private readonly ProductTeam _products;
    private readonly SimdExperts _experts;
    private readonly QuantizedRows _quantizedRows = new(); // [R, H] of the head
    private readonly AlignedBuffer _rows = new(); // [R, H] of the head
    private readonly AlignedBuffer _scores = new(); // [T, E] of the router
    private readonly AlignedBuffer[] _rowScratch; // of each thread: one head [D], or one row [H]
    private readonly SimdAttention _attention;

    /// <summary>Makes a back-end with a team of its own.</summary>
    /// <param name="threads">Threads that compute, the caller's included.</param>
    public SimdBackend(int threads = 1)
        : this(threads, LaneWidths.Best, ByteDotsOfMachine.Best)
    {
    }

    internal SimdBackend(int threads, LaneWidth width)
        : this(threads, width, ByteDotsOfMachine.Best)
    {
    }

    internal SimdBackend(int threads, LaneWidth width, ByteDots dots)
    {
        _products = new ProductTeam(threads, width, dots);
        _experts = new SimdExperts(_products);
        _attention = new SimdAttention(_products.Team, width);
        _rowScratch = [.. Enumerable.Range(0, threads).Select(_ => new AlignedBuffer())];
    }

    /// <inheritdoc/>
    public string Name => "simd";

    /// <inheritdoc/>
    public Weight LoadWeight(TensorView tensor)
    {
        if (PackedWeight.Fits(tensor))
        {
            return new PackedWeight(tensor);
        }

        // Vectors are norms, which are read as floats.
        return tensor.Shape.Length == 2 && TensorPacker.TypeFor(tensor) is TensorType type ? PackedWeight.Pack(tensor, type) : new SimdWeight(tensor);
    }

    /// <inheritdoc/>
    public Activation CreateActivation(int columns) => new SimdActivation(columns);

    /// <inheritdoc/>
    public KvCache CreateKvCache(KvCacheShape shape) => new SimdKvCache(shape);

    /// <inheritdoc/>
    public void Embed(Weight table, ReadOnlySpan<int> ids, Activation hidden)
    {
        for (int t = 0; t < ids.Length; t++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)ids[t], (uint)table.Rows, nameof(ids));
            CopyRow(table, ids[t], ((SimdActivation)hidden).Values(t));
        }

        ((SimdActivation)hidden).Changed();
    }

    /// <inheritdoc/>
    public void Normalize(Activation input, Weight weight, float epsilon, Activation output)
    {
        NormalizeWork work = new() { Input = (SimdActivation)input, Weight = (SimdWeight)weight, Epsilon = epsilon, Output = (SimdActivation)output };
        _products.Team.RunRows(ref work, input.Rows);
        ((SimdActivation)output).Changed();
    }

    /// <inheritdoc/>
    public void Project(Activation input, Weight weight, Activation output) => Project(input, weight, output, add: false);

    /// <inheritdoc/>
    public void ProjectAndAdd(Activation input, Weight weight, Activation output) => Project(input, weight, output, add: true);

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
        SimdKvCache stored = (SimdKvCache)cache;
        foreach (AlignedBuffer row in _rowScratch)
        {
            row.EnsureRoom(RotateWork.ScratchLength(stored));
        }

        RotateWork work = new()
        {
            Batch = batch,
            Rotary = rotary,
            Queries = (SimdActivation)queries,
            Keys = (SimdActivation)keys,
            Values = (SimdActivation)values,
            QueryNorm = (SimdWeight)weights.QueryNorm,
            KeyNorm = (SimdWeight)weights.KeyNorm,
            Epsilon = epsilon,
            Cache = stored,
            Layer = layer,
            Scratch = _rowScratch,
        };
        _products.Team.RunRows(ref work, batch.RowCount);
        ((SimdActivation)queries).Changed();
        ((SimdActivation)keys).Changed();
    }

    /// <inheritdoc/>
    public void Attend(Activation queries, StepBatch batch, KvCache cache, int layer, Activation output) =>
        _attention.Attend((SimdActivation)queries, batch, (SimdKvCache)cache, layer, (SimdActivation)output);

    /// <inheritdoc/>
    public void Route(Activation hidden, Weight gate, int expertsPerToken, bool normalizeTopK, StepBatch batch, RoutedTokens routed)
    {
        int stride = SimdWeight.RoundUp(gate.Rows);
        _scores.EnsureRoom((long)hidden.Rows * stride);
        _products.Run(gate, InputOf(hidden, gate), hidden.Rows, new ProductOutput(_scores.Data, stride));
        RouteWork work = new()
        {
            Scores = _scores.Data,
            Stride = stride,
            ExpertCount = gate.Rows,
            ExpertsPerToken = expertsPerToken,
            NormalizeTopK = normalizeTopK,
            Batch = batch,
            Routed = routed,
        };
        _products.Team.RunRows(ref work, hidden.Rows);
    }

    /// <inheritdoc/>
    public void KeepRows(Activation activation, ReadOnlySpan<int> kept)
    {
        SimdActivation rows = (SimdActivation)activation;
        for (int i = 0; i < kept.Length; i++)
        {
            rows.Values(kept[i]).CopyTo(rows.Values(i));
        }

        rows.Resize(kept.Length);
    }

    /// <inheritdoc/>
    public void Download(Activation source, Span<float> destination)
    {
        for (int t = 0; t < source.Rows; t++)
        {
            ((SimdActivation)source).Values(t).CopyTo(destination[(t * source.Columns)..]);
        }
    }

    /// <inheritdoc/>
    public void AddExperts(RoutedTokens routed, Activation hidden)
    {
        foreach (AlignedBuffer row in _rowScratch)
        {
            row.EnsureRoom(routed.HiddenSize);
        }

        AddExpertsWork work = new() { Routed = routed, Hidden = (SimdActivation)hidden, Scratch = _rowScratch };
        _products.Team.RunRows(ref work, routed.TokenCount);
        work.Hidden.Changed();
    }

    /// <inheritdoc/>
    public void ComputeExperts(
        ReadOnlySpan<ExpertGroup> groups, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots) =>
        _experts.Compute(groups, inputs, rows, outputs, slots);

    /// <inheritdoc/>
    public void ComputeLogits(Activation hidden, ReadOnlySpan<int> rows, Weight head, Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan((long)logits.Length, (long)rows.Length * head.Rows, nameof(logits));
        SimdActivation source = (SimdActivation)hidden;
        _rows.EnsureRoom(rows.Length * source.Stride);
        for (int i = 0; i < rows.Length; i++)
        {
            new ReadOnlySpan<float>(source.Row(rows[i]), (int)source.Stride).CopyTo(new Span<float>(_rows.Data + (i * source.Stride), (int)source.Stride));
        }

        if (head is PackedWeight)
        {
            _quantizedRows.Fill(_products.Team, _rows.Data, source.Stride, rows.Length, source.Columns);
        }

        fixed (float* output = logits)
        {
            _products.Run(
                head, new ProductInput(_rows.Data, source.Stride, _quantizedRows), rows.Length, new ProductOutput(output, head.Rows));
        }
    }

    /// <summary>Ends the threads and frees the buffers.</summary>
    public void Dispose()
    {
        _products.Dispose();
        _experts.Dispose();
        _quantizedRows.Dispose();
        _rows.Dispose();
        _scores.Dispose();
        _attention.Dispose();
        foreach (AlignedBuffer row in _rowScratch)
        {
            row.Dispose();
        }
    }

    private static void CopyRow(Weight table, int row, Span<float> destination)
    {
        if (table is PackedWeight packed)
        {
            packed.CopyRowTo(row, destination);
        }
        else
        {
            ((SimdWeight)table).CopyRowTo(row, destination);
        }
    }

    private ProductInput InputOf(Activation activation, Weight weight)
    {
        SimdActivation input = (SimdActivation)activation;
        return new ProductInput(input.Data, input.Stride, weight is PackedWeight ? input.Quantized(_products.Team) : null);
    }

    private void Project(Activation input, Weight weight, Activation output, bool add)
    {
        SimdActivation to = (SimdActivation)output;
        _products.Run(weight, InputOf(input, weight), input.Rows, new ProductOutput(to.Data, to.Stride, add));
        to.Changed();
    }
}
