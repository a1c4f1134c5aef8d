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
    private readonly AlignedBuffer _rows = new(); // [R, H] of the head, or one head of attention [D]
    private readonly AlignedBuffer _scores = new(); // [T, E] of the router
    private readonly AlignedBuffer[] _attentionScratch;
    private int[] _sliceOfRow = [];

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
        _attentionScratch = [.. Enumerable.Range(0, threads).Select(_ => new AlignedBuffer())];
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
        float* weights = ((SimdWeight)weight).Row<float>(0);
        for (int t = 0; t < input.Rows; t++)
        {
            VectorMath.Normalize(((SimdActivation)input).Row(t), weights, input.Columns, epsilon, ((SimdActivation)output).Row(t));
        }

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
        SimdWeight queryNorm = (SimdWeight)weights.QueryNorm;
        SimdWeight keyNorm = (SimdWeight)weights.KeyNorm;
        int dim = cache.Shape.HeadDim;
        int half = dim / 2;
        _rows.EnsureRoom(SimdWeight.RoundUp(dim));
        foreach (SequenceSlice slice in batch.Slices)
        {
            for (int row = slice.FirstRow; row < slice.FirstRow + slice.RowCount; row++)
            {
                ReadOnlySpan<float> cosines = rotary.Cosines.Slice(row * half, half);
                ReadOnlySpan<float> sines = rotary.Sines.Slice(row * half, half);
                float* query = ((SimdActivation)queries).Row(row);
                for (int head = 0; head < queries.Columns / dim; head++, query += dim)
                {
                    NormalizeHead(query, queryNorm, epsilon);
                    VectorMath.Rotate(query, cosines, sines);
                }

                int position = slice.FirstPosition + (row - slice.FirstRow);
                int page = slice.Pages.Span[position / cache.Shape.PageSize];
                int offset = position % cache.Shape.PageSize;
                float* key = ((SimdActivation)keys).Row(row);
                float* value = ((SimdActivation)values).Row(row);
                for (int head = 0; head < keys.Columns / dim; head++, key += dim, value += dim)
                {
                    NormalizeHead(key, keyNorm, epsilon);
                    VectorMath.Rotate(key, cosines, sines);
                    float* column = stored.Keys(layer, page, head) + offset;
                    for (int d = 0; d < dim; d++)
                    {
                        column[(nint)d * stored.KeyStride] = key[d];
                    }

                    new Span<float>(value, dim).CopyTo(new Span<float>(stored.Values(layer, page, head) + ((nint)offset * stored.ValueStride), dim));
                }
            }
        }

        ((SimdActivation)queries).Changed();
        ((SimdActivation)keys).Changed();
    }

    /// <inheritdoc/>
    public void Attend(Activation queries, StepBatch batch, KvCache cache, int layer, Activation output)
    {
        if (_sliceOfRow.Length < batch.RowCount)
        {
            _sliceOfRow = new int[Math.Max(batch.RowCount, _sliceOfRow.Length * 2)];
        }

        int longest = 0;
        for (int i = 0; i < batch.Slices.Length; i++)
        {
            SequenceSlice slice = batch.Slices[i];
            _sliceOfRow.AsSpan(slice.FirstRow, slice.RowCount).Fill(i);
            longest = Math.Max(longest, slice.FirstPosition + slice.RowCount);
        }

        foreach (AlignedBuffer scratch in _attentionScratch)
        {
            scratch.EnsureRoom(AttentionWork.ScratchLength((SimdKvCache)cache, longest));
        }

        AttentionWork work = new()
        {
            Batch = batch,
            SliceOfRow = _sliceOfRow,
            Queries = (SimdActivation)queries,
            Output = (SimdActivation)output,
            Cache = (SimdKvCache)cache,
            Layer = layer,
            Scratch = _attentionScratch,
        };
        _products.Team.Run(ref work, batch.RowCount * cache.Shape.KeyValueHeadCount, 1);
        work.Output.Changed();
    }

    /// <inheritdoc/>
    public void Route(Activation hidden, Weight gate, int expertsPerToken, bool normalizeTopK, StepBatch batch, RoutedTokens routed)
    {
        int stride = SimdWeight.RoundUp(gate.Rows);
        _scores.EnsureRoom((long)hidden.Rows * stride);
        _products.Run(gate, InputOf(hidden, gate), hidden.Rows, new ProductOutput(_scores.Data, stride));
        foreach (SequenceSlice slice in batch.Slices)
        {
            for (int row = slice.FirstRow; row < slice.FirstRow + slice.RowCount; row++)
            {
                float* scores = _scores.Data + ((nint)row * stride);
                float sum = VectorMath.Exponentiate(scores, gate.Rows);
                Span<float> probabilities = new(scores, gate.Rows);
                for (int expert = 0; expert < gate.Rows; expert++)
                {
                    probabilities[expert] /= sum;
                }

                routed.ChooseTop(row, probabilities, expertsPerToken, slice.ExpertLimit, normalizeTopK);
            }
        }
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
    public void UploadAndAdd(ReadOnlySpan<float> source, Activation destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(source.Length, destination.Rows * destination.Columns, nameof(source));
        fixed (float* values = source)
        {
            for (int t = 0; t < destination.Rows; t++)
            {
                VectorMath.Add(values + ((nint)t * destination.Columns), ((SimdActivation)destination).Row(t), destination.Columns);
            }
        }

        ((SimdActivation)destination).Changed();
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
            _quantizedRows.Fill(_rows.Data, source.Stride, rows.Length, source.Columns);
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
        foreach (AlignedBuffer scratch in _attentionScratch)
        {
            scratch.Dispose();
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

    private static ProductInput InputOf(Activation activation, Weight weight)
    {
        SimdActivation input = (SimdActivation)activation;
        return new ProductInput(input.Data, input.Stride, weight is PackedWeight ? input.Quantized() : null);
    }

    private void Project(Activation input, Weight weight, Activation output, bool add)
    {
        SimdActivation to = (SimdActivation)output;
        _products.Run(weight, InputOf(input, weight), input.Rows, new ProductOutput(to.Data, to.Stride, add));
        to.Changed();
    }

    // The head may begin anywhere in a row: it is normalised in a padded copy.
    private void NormalizeHead(float* head, SimdWeight norm, float epsilon)
    {
        Span<float> values = new(head, norm.Columns);
        Span<float> padded = new(_rows.Data, norm.PaddedColumns);
        values.CopyTo(padded);
        padded[norm.Columns..].Clear();
        VectorMath.Normalize(_rows.Data, norm.Row<float>(0), norm.Columns, epsilon, _rows.Data);
        padded[..norm.Columns].CopyTo(values);
    }
}
