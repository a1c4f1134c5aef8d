using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// The experts of a layer, all at once: every row is made bytes once for all that take it, and the team is called twice, for the gates and ups of all
/// experts and for their downs.
/// </summary>
/// <param name="products">Does the products.</param>
internal sealed unsafe class SimdExperts(ProductTeam products) : IDisposable
{
    private const int Absent = -1;

    private readonly WorkList<SwiGluWork> _swiGlus = new();
    private readonly QuantizedRows _quantizedInputs = new(); // [rows, H]
    private readonly QuantizedRows _quantizedInner = new(); // [choices, I]
    private readonly AlignedBuffer _inputs = new(); // [rows, H], those that somebody chose
    private readonly AlignedBuffer _gates = new(); // [choices, I], then what comes out of SwiGLU
    private readonly AlignedBuffer _ups = new(); // [choices, I]
    private int[] _places = []; // by row of the caller's inputs: its row here
    private int[] _inputRows = []; // by choice
    private int[] _choices = []; // 0, 1, 2 …

    /// <summary>As <see cref="IBackend.ComputeExperts"/> says.</summary>
    public void Compute(
        ReadOnlySpan<ExpertGroup> groups, ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, Span<float> outputs, ReadOnlySpan<int> slots)
    {
        if (groups.IsEmpty)
        {
            return;
        }

        int hidden = groups[0].Expert.Gate.Columns;
        int mostInner = 0;
        bool takesBytes = false, givesBytes = false;
        foreach (ExpertGroup group in groups)
        {
            (Weight gate, Weight up, Weight down) = group.Expert;
            mostInner = Math.Max(mostInner, gate.Rows);
            takesBytes |= gate is PackedWeight || up is PackedWeight;
            givesBytes |= down is PackedWeight;
        }

        if (slots.IndexOfAnyExceptInRange(0, (outputs.Length / hidden) - 1) is var wrong and >= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(slots), $"Slot {slots[wrong]} is not one of the {outputs.Length / hidden} of the outputs.");
        }

        // 1. Each row that somebody chose, once.
        int rowCount = Gather(inputs, rows, hidden);
        nint hiddenStride = SimdWeight.RoundUp(hidden);
        if (takesBytes)
        {
            _quantizedInputs.Fill(products.Team, _inputs.Data, hiddenStride, rowCount, hidden);
        }

        fixed (int* inputRows = _inputRows, choices = _choices, outputRows = slots)
        fixed (float* output = outputs)
        {
            // 2. inner = silu(gate · x) ⊙ (up · x).
            nint innerStride = SimdWeight.RoundUp(mostInner);
            _gates.EnsureRoom(rows.Length * innerStride);
            _ups.EnsureRoom(rows.Length * innerStride);
            foreach (ExpertGroup group in groups)
            {
                Weight gate = group.Expert.Gate;
                ProductInput input = new(_inputs.Data, hiddenStride, _quantizedInputs, new RowMap(inputRows + group.First));
                ClearPadding(group, innerStride);
                SwiGluWork work = new()
                {
                    Gate = products.Of(gate, input, group.Count, new ProductOutput(_gates.Data + (group.First * innerStride), innerStride)),
                    Up = products.Of(group.Expert.Up, input, group.Count, new ProductOutput(_ups.Data + (group.First * innerStride), innerStride)),
                };
                _swiGlus.Add(work, gate.Rows, 2 * ProductTeam.CostOfRow(hidden, group.Count));
            }

            _swiGlus.Run(products.Team);

            // 3. down · inner, to the slots.
            if (givesBytes)
            {
                _quantizedInner.Fill(products.Team, _gates.Data, innerStride, rows.Length, mostInner);
            }

            foreach (ExpertGroup group in groups)
            {
                products.Add(
                    group.Expert.Down,
                    new ProductInput(_gates.Data, innerStride, _quantizedInner, new RowMap(choices + group.First)),
                    group.Count,
                    new ProductOutput(output, hidden, rows: new RowMap(outputRows + group.First)));
            }

            products.RunAll();
        }
    }

    public void Dispose()
    {
        _quantizedInputs.Dispose();
        _quantizedInner.Dispose();
        _inputs.Dispose();
        _gates.Dispose();
        _ups.Dispose();
    }

    // How many rows there are; afterwards _inputRows says where the row of each choice is.
    private int Gather(ReadOnlySpan<float> inputs, ReadOnlySpan<int> rows, int columns)
    {
        int stride = SimdWeight.RoundUp(columns), callerRows = inputs.Length / columns;
        EnsureRoom(ref _places, callerRows);
        EnsureRoom(ref _inputRows, rows.Length);
        if (_choices.Length < rows.Length)
        {
            _choices = [.. Enumerable.Range(0, _inputRows.Length)];
        }

        Span<int> places = _places.AsSpan(0, callerRows);
        places.Fill(Absent);
        int count = 0;
        _inputs.EnsureRoom((long)Math.Min(callerRows, rows.Length) * stride);
        for (int i = 0; i < rows.Length; i++)
        {
            ref int place = ref places[rows[i]];
            if (place == Absent)
            {
                place = count++;
                Span<float> target = new(_inputs.Data + ((nint)place * stride), stride);
                inputs.Slice(rows[i] * columns, columns).CopyTo(target);
                target[columns..].Clear();
            }

            _inputRows[i] = place;
        }

        return count;
    }

    // What wider experts have left there: the products write an expert's own width alone, and all of it is made bytes.
    private void ClearPadding(ExpertGroup group, nint stride)
    {
        int width = group.Expert.Gate.Rows;
        for (int i = group.First; i < group.First + group.Count && stride > width; i++)
        {
            new Span<float>(_gates.Data + (i * stride) + width, (int)stride - width).Clear();
            new Span<float>(_ups.Data + (i * stride) + width, (int)stride - width).Clear();
        }
    }

    private static void EnsureRoom(ref int[] array, int length)
    {
        if (array.Length < length)
        {
            array = new int[Math.Max(length, array.Length * 2)];
        }
    }
}
