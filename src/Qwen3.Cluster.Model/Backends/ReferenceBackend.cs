using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Backends;

/// <summary>
/// The arithmetic in plain loops: what the other back-ends are held to, and the way to read what each step means.
/// Stores float32 and computes in float64. Row-major arrays everywhere.
/// </summary>
public sealed class ReferenceBackend : IBackend
{
    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public Weight LoadWeight(TensorView tensor) => new ReferenceWeight(tensor);

    /// <inheritdoc/>
    public Activation CreateActivation(int columns) => new ReferenceActivation(columns);

    /// <inheritdoc/>
    public KvCache CreateKvCache(KvCacheShape shape) => new ReferenceKvCache(shape);

    /// <inheritdoc/>
    public void Embed(Weight table, ReadOnlySpan<int> ids, Activation hidden)
    {
        for (int t = 0; t < ids.Length; t++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)ids[t], (uint)table.Rows, nameof(ids));
            RowOf(table, ids[t]).CopyTo(RowOf(hidden, t));
        }
    }

    /// <inheritdoc/>
    public void Normalize(Activation input, Weight weight, float epsilon, Activation output)
    {
        for (int t = 0; t < input.Rows; t++)
        {
            RowOf(input, t).CopyTo(RowOf(output, t));
            NormalizeInPlace(RowOf(output, t), RowOf(weight, 0), epsilon);
        }
    }

    /// <inheritdoc/>
    public void Project(Activation input, Weight weight, Activation output)
    {
        for (int t = 0; t < input.Rows; t++)
        {
            for (int n = 0; n < weight.Rows; n++)
            {
                RowOf(output, t)[n] = (float)Dot(RowOf(input, t), RowOf(weight, n));
            }
        }
    }

    /// <inheritdoc/>
    public void ProjectAndAdd(Activation input, Weight weight, Activation output)
    {
        for (int t = 0; t < input.Rows; t++)
        {
            for (int n = 0; n < weight.Rows; n++)
            {
                RowOf(output, t)[n] += (float)Dot(RowOf(input, t), RowOf(weight, n));
            }
        }
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
        ReferenceKvCache stored = (ReferenceKvCache)cache;
        int dim = cache.Shape.HeadDim;
        foreach (SequenceSlice slice in batch.Slices)
        {
            for (int i = 0; i < slice.RowCount; i++)
            {
                int row = slice.FirstRow + i;
                ReadOnlySpan<float> cosines = rotary.Cosines.Slice(row * (dim / 2), dim / 2);
                ReadOnlySpan<float> sines = rotary.Sines.Slice(row * (dim / 2), dim / 2);
                for (int head = 0; head < queries.Columns / dim; head++)
                {
                    Span<float> query = RowOf(queries, row).Slice(head * dim, dim);
                    NormalizeInPlace(query, RowOf(weights.QueryNorm, 0), epsilon);
                    Rotate(query, cosines, sines);
                }

                for (int head = 0; head < keys.Columns / dim; head++)
                {
                    Span<float> key = RowOf(keys, row).Slice(head * dim, dim);
                    NormalizeInPlace(key, RowOf(weights.KeyNorm, 0), epsilon);
                    Rotate(key, cosines, sines);
                    stored.Store(key, stored.Key(layer, slice, slice.FirstPosition + i, head));
                    stored.Store(RowOf(values, row).Slice(head * dim, dim), stored.Value(layer, slice, slice.FirstPosition + i, head));
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Attend(Activation queries, StepBatch batch, KvCache cache, int layer, Activation output)
    {
        ReferenceKvCache stored = (ReferenceKvCache)cache;
        int dim = cache.Shape.HeadDim;
        int heads = queries.Columns / dim;
        int group = heads / cache.Shape.KeyValueHeadCount;
        double scale = 1 / Math.Sqrt(dim);
        foreach (SequenceSlice slice in batch.Slices)
        {
            for (int i = 0; i < slice.RowCount; i++)
            {
                double[] shares = new double[slice.FirstPosition + i + 1];
                for (int head = 0; head < heads; head++)
                {
                    ReadOnlySpan<float> query = RowOf(queries, slice.FirstRow + i).Slice(head * dim, dim);
                    for (int position = 0; position < shares.Length; position++)
                    {
                        shares[position] = scale * Dot(query, stored.Key(layer, slice, position, head / group));
                    }

                    Softmax(shares);
                    Span<float> attended = RowOf(output, slice.FirstRow + i).Slice(head * dim, dim);
                    for (int d = 0; d < dim; d++)
                    {
                        double sum = 0;
                        for (int position = 0; position < shares.Length; position++)
                        {
                            sum += shares[position] * stored.Value(layer, slice, position, head / group)[d];
                        }

                        attended[d] = (float)sum;
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Route(Activation hidden, Weight gate, int expertsPerToken, bool normalizeTopK, StepBatch batch, RoutedTokens routed)
    {
        double[] probabilities = new double[gate.Rows];
        foreach (SequenceSlice slice in batch.Slices)
        {
            for (int t = slice.FirstRow; t < slice.FirstRow + slice.RowCount; t++)
            {
                for (int expert = 0; expert < gate.Rows; expert++)
                {
                    probabilities[expert] = Dot(RowOf(hidden, t), RowOf(gate, expert));
                }

                Softmax(probabilities);
                float[] rounded = Array.ConvertAll(probabilities, p => (float)p);
                routed.ChooseTop(t, rounded, expertsPerToken, slice.ExpertLimit, normalizeTopK);
            }
        }
    }

    /// <inheritdoc/>
    public void KeepRows(Activation activation, ReadOnlySpan<int> kept)
    {
        float[] rows = new float[kept.Length * activation.Columns];
        for (int i = 0; i < kept.Length; i++)
        {
            RowOf(activation, kept[i]).CopyTo(rows.AsSpan(i * activation.Columns));
        }

        activation.Resize(kept.Length);
        rows.CopyTo(RowsOf(activation));
    }

    /// <inheritdoc/>
    public void Download(Activation source, Span<float> destination) => RowsOf(source).CopyTo(destination);

    /// <inheritdoc/>
    public void AddExperts(RoutedTokens routed, Activation hidden)
    {
        float[] sum = new float[routed.HiddenSize];
        for (int token = 0; token < routed.TokenCount; token++)
        {
            routed.Combine(token, sum);
            Span<float> row = RowOf(hidden, token);
            for (int i = 0; i < sum.Length; i++)
            {
                row[i] += sum[i];
            }
        }
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
        for (int i = 0; i < rows.Length; i++)
        {
            for (int n = 0; n < head.Rows; n++)
            {
                logits[(i * head.Rows) + n] = (float)Dot(RowOf(hidden, rows[i]), RowOf(head, n));
            }
        }
    }

    /// <summary>Nothing to free: everything is in arrays.</summary>
    public void Dispose()
    {
    }

    private static void ComputeExpert(ExpertWeights expert, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots)
    {
        int hidden = expert.Gate.Columns;
        float[] inner = new float[expert.Gate.Rows];
        for (int i = 0; i < rows.Length; i++)
        {
            ReadOnlySpan<float> input = inputs.Slice(rows[i] * hidden, hidden);
            for (int n = 0; n < inner.Length; n++)
            {
                double gate = Dot(input, RowOf(expert.Gate, n));
                inner[n] = (float)(gate / (1 + Math.Exp(-gate)) * Dot(input, RowOf(expert.Up, n)));
            }

            for (int n = 0; n < hidden; n++)
            {
                outputs[(slots[i] * hidden) + n] = (float)Dot(inner, RowOf(expert.Down, n));
            }
        }
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return sum;
    }

    private static void NormalizeInPlace(Span<float> values, ReadOnlySpan<float> weight, float epsilon)
    {
        double scale = 1 / Math.Sqrt((Dot(values, values) / values.Length) + epsilon);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(values[i] * scale * weight[i]);
        }
    }

    // Element i of the first half turns with element i of the second.
    private static void Rotate(Span<float> values, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        int half = values.Length / 2;
        for (int i = 0; i < half; i++)
        {
            double a = values[i];
            double b = values[i + half];
            values[i] = (float)((a * cosines[i]) - (b * sines[i]));
            values[i + half] = (float)((b * cosines[i]) + (a * sines[i]));
        }
    }

    private static void Softmax(Span<double> values)
    {
        double max = double.NegativeInfinity;
        foreach (double value in values)
        {
            max = Math.Max(max, value);
        }

        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Math.Exp(values[i] - max);
            sum += values[i];
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] /= sum;
        }
    }

    private static ReadOnlySpan<float> RowOf(Weight weight, int row) =>
        ((ReferenceWeight)weight).Values.AsSpan(row * weight.Columns, weight.Columns);

    private static Span<float> RowOf(Activation activation, int row) =>
        ((ReferenceActivation)activation).Values.AsSpan(row * activation.Columns, activation.Columns);

    private static Span<float> RowsOf(Activation activation) =>
        ((ReferenceActivation)activation).Values.AsSpan(0, activation.Rows * activation.Columns);

    private sealed class ReferenceWeight(TensorView tensor) : Weight(tensor.Rows, tensor.Columns)
    {
        public float[] Values { get; } = tensor.ToFloats();

        public override long ByteCount => Values.LongLength * sizeof(float);

        public override void Dispose()
        {
        }
    }

    private sealed class ReferenceActivation(int columns) : Activation(columns)
    {
        public float[] Values { get; private set; } = [];

        public override void Resize(int rows)
        {
            Rows = rows;
            if (Values.Length < rows * Columns)
            {
                Values = new float[rows * Columns];
            }
        }

        public override void Dispose()
        {
        }
    }

    // [page, offset, head, D] for each layer.
    private sealed class ReferenceKvCache(KvCacheShape shape) : KvCache(shape)
    {
        private readonly float[][] _keys = Allocate(shape);
        private readonly float[][] _values = Allocate(shape);

        public Span<float> Key(int layer, SequenceSlice slice, int position, int head) => Find(_keys[layer], slice, position, head);

        public Span<float> Value(int layer, SequenceSlice slice, int position, int head) => Find(_values[layer], slice, position, head);

        /// <summary>Copies a key or a value as the format keeps it.</summary>
        public void Store(ReadOnlySpan<float> values, Span<float> place)
        {
            values.CopyTo(place);
            CacheNumbers.Round(place, Shape.Format);
        }

        public override void Dispose()
        {
        }

        private static float[][] Allocate(KvCacheShape shape) =>
            [.. Enumerable.Range(0, shape.LayerCount)
                .Select(_ => new float[checked(shape.PageCount * shape.PageSize * shape.KeyValueHeadCount * shape.HeadDim)])];

        private Span<float> Find(float[] layer, SequenceSlice slice, int position, int head)
        {
            int place = (slice.Pages.Span[position / Shape.PageSize] * Shape.PageSize) + (position % Shape.PageSize);
            return layer.AsSpan(((place * Shape.KeyValueHeadCount) + head) * Shape.HeadDim, Shape.HeadDim);
        }
    }
}
