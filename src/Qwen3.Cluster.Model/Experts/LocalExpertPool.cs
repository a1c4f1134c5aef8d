using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Experts;

/// <summary>
/// Computes with experts that are held here: all of a model in one process, or the fixed set of a shard.
/// Tokens are grouped by expert, so that each expert's weights are read once for all of its tokens.
/// Works on its caller's thread; one at a time.
/// </summary>
public sealed class LocalExpertPool : IExpertPool
{
    private readonly IBackend _backend;
    private readonly ExpertWeights?[][] _experts;
    private readonly int[] _starts;
    private readonly ExpertGroup[] _groups;
    private Choice[] _choices = [];
    private int[] _rows = [];
    private int[] _slots = [];

    /// <summary>Makes a pool that holds nothing yet.</summary>
    /// <param name="backend">Computes; stays the caller's, and outlives the pool.</param>
    /// <param name="layout">Which experts there are.</param>
    public LocalExpertPool(IBackend backend, ExpertLayout layout)
    {
        _backend = backend;
        Layout = layout;
        _starts = new int[layout.ExpertCount + 1];
        _groups = new ExpertGroup[layout.ExpertCount];
        _experts = [.. Enumerable.Range(0, layout.LayerCount).Select(layer => new ExpertWeights?[layout.ExpertCountOf(layer)])];
    }

    /// <summary>Loads the experts.</summary>
    /// <param name="backend">Computes; stays the caller's, and outlives the pool.</param>
    /// <param name="checkpoint">Holds the weights; stays the caller's, and outlives the pool. Only the bytes of the chosen experts are touched.</param>
    /// <param name="layout">Which experts there are.</param>
    /// <param name="experts">The ids to hold, in every layer that has them; null: all.</param>
    public LocalExpertPool(IBackend backend, Checkpoint checkpoint, ExpertLayout layout, IEnumerable<int>? experts = null)
        : this(backend, layout)
    {
        int[] held = [.. experts ?? Enumerable.Range(0, layout.ExpertCount)];
        foreach (int expert in held)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(expert, nameof(experts));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(expert, layout.ExpertCount, nameof(experts));
        }

        try
        {
            for (int layer = 0; layer < layout.LayerCount; layer++)
            {
                foreach (int expert in held)
                {
                    if (expert < layout.ExpertCountOf(layer))
                    {
                        _experts[layer][expert] ??= layout.Load(checkpoint, backend, layer, expert);
                    }
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ExpertLayout Layout { get; }

    /// <inheritdoc/>
    public ActivationPrecision Precision { get; init; }

    /// <summary>No: a call has computed when it is begun.</summary>
    public bool CanOverlap => false;

    /// <summary>Bytes that the weights take, mapped ones included.</summary>
    public long ByteCount => _experts.Sum(layer => layer.Sum(expert => expert?.ByteCount ?? 0));

    /// <summary>Whether an expert is held here.</summary>
    public bool Holds(int layer, int expert) => _experts[layer][expert] is not null;

    /// <summary>Takes an expert in, which it frees when it goes; one that it holds already is replaced.</summary>
    public void Add(int layer, int expert, ExpertWeights weights)
    {
        _experts[layer][expert]?.Dispose();
        _experts[layer][expert] = weights;
    }

    /// <summary>Frees an expert, if it is held.</summary>
    public void Remove(int layer, int expert)
    {
        _experts[layer][expert]?.Dispose();
        _experts[layer][expert] = null;
    }

    /// <summary>Computes at once.</summary>
    public IExpertCall Begin(int layer, RoutedTokens tokens)
    {
        EnsureRoom(ref _choices, tokens.TokenCount * tokens.MaxChoices);
        int count = 0;
        for (int token = 0; token < tokens.TokenCount; token++)
        {
            for (int j = 0; j < tokens.ChoiceCounts[token]; j++)
            {
                int slot = (token * tokens.MaxChoices) + j;
                _choices[count++] = new Choice(tokens.ExpertIds[slot], token, slot);
            }
        }

        Compute(layer, tokens.Inputs.Span, count, tokens.Outputs.Span);
        return FinishedCall.Instance;
    }

    /// <summary>
    /// outputs[i] = expert expertIds[i] of inputs[rows[i]]: what a shard does with what it is sent.
    /// The bits of an answer do not depend on the other choices.
    /// </summary>
    /// <param name="layer">The layer whose experts are asked, 0 to layers − 1.</param>
    /// <param name="inputs">[*, H].</param>
    /// <param name="rows">For each choice, its row of the inputs.</param>
    /// <param name="expertIds">For each choice, its expert, held here.</param>
    /// <param name="outputs">[choices, H]; with slots, [*, H].</param>
    /// <param name="slots">For each choice, where in the outputs its answer goes; empty: in the order of the choices.</param>
    /// <exception cref="ArgumentException">An expert is not held here, a row or a slot is not there, or the lengths do not fit.</exception>
    public void Compute(
        int layer,
        ReadOnlySpan<float> inputs,
        ReadOnlySpan<int> rows,
        ReadOnlySpan<int> expertIds,
        Span<float> outputs,
        ReadOnlySpan<int> slots = default)
    {
        bool fits = slots.IsEmpty
            ? outputs.Length == (long)rows.Length * Layout.HiddenSize
            : slots.Length == rows.Length && slots.IndexOfAnyExceptInRange(0, (outputs.Length / Layout.HiddenSize) - 1) < 0;
        if (rows.Length != expertIds.Length || !fits)
        {
            throw new ArgumentException(
                $"{expertIds.Length} choices come with {rows.Length} rows, {slots.Length} slots and room for {outputs.Length} numbers, {Layout.HiddenSize} for each.");
        }

        EnsureRoom(ref _choices, rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            _choices[i] = new Choice(expertIds[i], rows[i], slots.IsEmpty ? i : slots[i]);
        }

        Compute(layer, inputs, rows.Length, outputs);
    }

    /// <summary>Frees the weights; whoever asks afterwards is told that they are not held here.</summary>
    public void Dispose()
    {
        for (int layer = 0; layer < _experts.Length; layer++)
        {
            for (int expert = 0; expert < _experts[layer].Length; expert++)
            {
                Remove(layer, expert);
            }
        }
    }

    private void Compute(int layer, ReadOnlySpan<float> inputs, int choiceCount, Span<float> outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Layout.LayerCount);
        GroupByExpert(layer, _choices.AsSpan(0, choiceCount), inputs.Length / Layout.HiddenSize);
        ReadOnlySpan<ExpertWeights?> experts = _experts[layer];
        int groups = 0;
        for (int expert = 0; expert < experts.Length; expert++)
        {
            int first = _starts[expert];
            int count = _starts[expert + 1] - first;
            if (count > 0)
            {
                experts[expert]!.FetchOnce();
                _groups[groups++] = new ExpertGroup(experts[expert]!, first, count);
            }
        }

        _backend.ComputeExperts(_groups.AsSpan(0, groups), inputs, _rows.AsSpan(0, choiceCount), outputs, _slots.AsSpan(0, choiceCount));
        Array.Clear(_groups, 0, groups);
    }

    // A counting sort: afterwards rows and slots _starts[e] … _starts[e + 1] − 1 are those of expert e.
    private void GroupByExpert(int layer, ReadOnlySpan<Choice> choices, int rowCount)
    {
        ReadOnlySpan<ExpertWeights?> experts = _experts[layer];
        Array.Clear(_starts);
        foreach (Choice choice in choices)
        {
            if ((uint)choice.Expert >= (uint)experts.Length || experts[choice.Expert] is null)
            {
                throw new ArgumentException($"Expert {choice.Expert} of layer {layer} is not held here; ask the shard that the expert map names.");
            }

            if ((uint)choice.Row >= (uint)rowCount)
            {
                throw new ArgumentException($"A choice of expert {choice.Expert} of layer {layer} names row {choice.Row} of {rowCount}.");
            }

            _starts[choice.Expert]++;
        }

        int end = 0;
        for (int expert = 0; expert < _starts.Length; expert++)
        {
            end += _starts[expert];
            _starts[expert] = end;
        }

        EnsureRoom(ref _rows, choices.Length);
        EnsureRoom(ref _slots, choices.Length);
        for (int i = choices.Length - 1; i >= 0; i--)
        {
            int place = --_starts[choices[i].Expert];
            _rows[place] = choices[i].Row;
            _slots[place] = choices[i].Slot;
        }
    }

    private static void EnsureRoom<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[Math.Max(length, array.Length * 2)];
        }
    }

    // A token's row asks an expert; the answer goes to a slot of the outputs.
    private readonly record struct Choice(int Expert, int Row, int Slot);

    private sealed class FinishedCall : IExpertCall
    {
        public static readonly FinishedCall Instance = new();

        public void Finish()
        {
        }
    }
}
