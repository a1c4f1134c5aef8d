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
    // Below so many multiplications a product is not worth waking the team.
    private const long LeastSharedWork = 64 * 1024;

    private readonly ComputeTeam _team;
    private readonly LaneWidth _width;
    private readonly ByteDots _dots;
    private readonly QuantizedRows _quantizedInputs = new(); // [T, K]
    private readonly QuantizedRows _quantizedInner = new(); // [T, I]
    private readonly AlignedBuffer[] _panels;
    private readonly AlignedBuffer _inputs = new(); // [T, K] gathered rows
    private readonly AlignedBuffer _gates = new(); // [T, I]
    private readonly AlignedBuffer _ups = new(); // [T, I]
    private readonly AlignedBuffer _outputs = new(); // [T, H], or router scores [T, E]
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
        _team = new ComputeTeam(threads);
        _width = width;
        _dots = dots;
        _attentionScratch = [.. Enumerable.Range(0, threads).Select(_ => new AlignedBuffer())];
        _panels = [.. Enumerable.Range(0, threads).Select(_ => new AlignedBuffer())];
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
        _inputs.EnsureRoom(SimdWeight.RoundUp(dim));
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
        _team.Run(ref work, batch.RowCount * cache.Shape.KeyValueHeadCount, 1);
        work.Output.Changed();
    }

    /// <inheritdoc/>
    public void Route(Activation hidden, Weight gate, int expertsPerToken, bool normalizeTopK, StepBatch batch, RoutedTokens routed)
    {
        int stride = SimdWeight.RoundUp(gate.Rows);
        _outputs.EnsureRoom((long)hidden.Rows * stride);
        SimdActivation input = (SimdActivation)hidden;
        RunProduct(Product(gate, input.Data, input.Stride, gate is PackedWeight ? input.Quantized() : null, hidden.Rows, _outputs.Data, stride), gate);
        foreach (SequenceSlice slice in batch.Slices)
        {
            for (int row = slice.FirstRow; row < slice.FirstRow + slice.RowCount; row++)
            {
                float* scores = _outputs.Data + ((nint)row * stride);
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
    public void ComputeExpert(ExpertWeights expert, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots)
    {
        int hidden = expert.Gate.Columns;
        int hiddenStride = SimdWeight.RoundUp(hidden);
        int innerStride = SimdWeight.RoundUp(expert.Gate.Rows);
        _gates.EnsureRoom((long)rows.Length * innerStride);
        _ups.EnsureRoom((long)rows.Length * innerStride);
        _outputs.EnsureRoom((long)rows.Length * hiddenStride);

        // 1. The rows of its tokens, one after the other.
        Gather(inputs, rows, hidden);
        QuantizedRows? quantized = null;
        if (expert.Gate is PackedWeight || expert.Up is PackedWeight)
        {
            quantized = _quantizedInputs;
            quantized.Fill(_inputs.Data, hiddenStride, rows.Length, hidden);
        }

        // 2. inner = silu(gate · x) ⊙ (up · x). A narrower expert before this one may have left numbers in the padding.
        ClearPadding(_gates.Data, rows.Length, expert.Gate.Rows, innerStride);
        ClearPadding(_ups.Data, rows.Length, expert.Gate.Rows, innerStride);
        SwiGluWork swiGlu = new()
        {
            Gate = Product(expert.Gate, _inputs.Data, hiddenStride, quantized, rows.Length, _gates.Data, innerStride),
            Up = Product(expert.Up, _inputs.Data, hiddenStride, quantized, rows.Length, _ups.Data, innerStride),
        };
        _team.Run(ref swiGlu, expert.Gate.Rows, ChunkOf(expert.Gate.Rows, 2L * rows.Length * hidden));

        // 3. down · inner, to the slots.
        if (expert.Down is PackedWeight)
        {
            _quantizedInner.Fill(_gates.Data, innerStride, rows.Length, expert.Gate.Rows);
        }

        RunProduct(Product(expert.Down, _gates.Data, innerStride, _quantizedInner, rows.Length, _outputs.Data, hiddenStride), expert.Down);
        for (int i = 0; i < slots.Length; i++)
        {
            new ReadOnlySpan<float>(_outputs.Data + ((nint)i * hiddenStride), hidden).CopyTo(outputs.Slice(slots[i] * hidden, hidden));
        }
    }

    /// <inheritdoc/>
    public void ComputeLogits(Activation hidden, ReadOnlySpan<int> rows, Weight head, Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan((long)logits.Length, (long)rows.Length * head.Rows, nameof(logits));
        SimdActivation source = (SimdActivation)hidden;
        _inputs.EnsureRoom(rows.Length * source.Stride);
        for (int i = 0; i < rows.Length; i++)
        {
            new ReadOnlySpan<float>(source.Row(rows[i]), (int)source.Stride).CopyTo(new Span<float>(_inputs.Data + (i * source.Stride), (int)source.Stride));
        }

        if (head is PackedWeight)
        {
            _quantizedInputs.Fill(_inputs.Data, source.Stride, rows.Length, source.Columns);
        }

        fixed (float* output = logits)
        {
            RunProduct(Product(head, _inputs.Data, source.Stride, _quantizedInputs, rows.Length, output, head.Rows), head);
        }
    }

    /// <summary>Ends the threads and frees the buffers.</summary>
    public void Dispose()
    {
        _team.Dispose();
        _inputs.Dispose();
        _gates.Dispose();
        _ups.Dispose();
        _outputs.Dispose();
        _quantizedInputs.Dispose();
        _quantizedInner.Dispose();
        foreach (AlignedBuffer scratch in _attentionScratch.Concat(_panels))
        {
            scratch.Dispose();
        }
    }

    private static void ClearPadding(float* rows, int count, int columns, int stride)
    {
        for (int i = 0; i < count && stride > columns; i++)
        {
            new Span<float>(rows + ((nint)i * stride) + columns, stride - columns).Clear();
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

    private void Project(Activation input, Weight weight, Activation output, bool add)
    {
        SimdActivation from = (SimdActivation)input;
        SimdActivation to = (SimdActivation)output;
        QuantizedRows? quantized = weight is PackedWeight ? from.Quantized() : null;
        RunProduct(Product(weight, from.Data, from.Stride, quantized, from.Rows, to.Data, to.Stride, add), weight);
        to.Changed();
    }

    // Quantised rows are needed where the weight is packed.
    private WeightProduct Product(
        Weight weight, float* input, nint inputStride, QuantizedRows? quantized, int tokens, float* output, nint outputStride, bool add = false)
    {
        if (weight is not PackedWeight packed)
        {
            return new WeightProduct(new MatrixProduct
            {
                Weight = (SimdWeight)weight,
                Input = input,
                InputStride = inputStride,
                TokenCount = tokens,
                Output = output,
                OutputStride = outputStride,
                Add = add,
                Width = _width,
            });
        }

        if (tokens > 1)
        {
            foreach (AlignedBuffer panel in _panels)
            {
                panel.EnsureRoom(PackedProduct.ScratchLength(tokens));
            }
        }

        return new WeightProduct(new PackedProduct
        {
            Weight = packed,
            Input = quantized!,
            TokenCount = tokens,
            Output = output,
            OutputStride = outputStride,
            Add = add,
            Dots = _dots,
            Scratch = _panels,
        });
    }

    private void RunProduct(WeightProduct product, Weight weight) =>
        _team.Run(ref product, weight.Rows, ChunkOf(weight.Rows, (long)product.TokenCount * weight.Columns));

    // Chunks of a multiple of 16 rows, several for each member so that none waits long; all of it where sharing does not pay.
    private int ChunkOf(int rows, long workOfRow) =>
        rows * workOfRow < LeastSharedWork ? rows : Math.Max(16, SimdWeight.RoundUp(rows / (_team.Size * 4)));

    // The head may begin anywhere in a row: it is normalised in a padded copy.
    private void NormalizeHead(float* head, SimdWeight norm, float epsilon)
    {
        Span<float> values = new(head, norm.Columns);
        Span<float> padded = new(_inputs.Data, norm.PaddedColumns);
        values.CopyTo(padded);
        padded[norm.Columns..].Clear();
        VectorMath.Normalize(_inputs.Data, norm.Row<float>(0), norm.Columns, epsilon, _inputs.Data);
        padded[..norm.Columns].CopyTo(values);
    }

    private void Gather(ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, int columns)
    {
        int stride = SimdWeight.RoundUp(columns);
        _inputs.EnsureRoom((long)rows.Length * stride);
        for (int i = 0; i < rows.Length; i++)
        {
            Span<float> target = new(_inputs.Data + ((nint)i * stride), stride);
            inputs.Slice(rows[i] * columns, columns).CopyTo(target);
            target[columns..].Clear();
        }
    }
}
