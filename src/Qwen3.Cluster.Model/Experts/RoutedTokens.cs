using System.Numerics;
using System.Runtime.InteropServices;

namespace Qwen3.Cluster.Model.Experts;

/// <summary>
/// The tokens of one layer's feed-forward block on their way to their experts and back, in host memory.
/// Made once by the router and refilled for each layer; memory grows when it must.
/// Token t has <c>ChoiceCounts[t]</c> choices, best first, at slots t · MaxChoices + j.
/// </summary>
public sealed class RoutedTokens
{
    private float[] _inputs = [];
    private float[] _outputs = [];
    private float[] _weights = [];
    private int[] _expertIds = [];
    private int[] _choiceCounts = [];

    /// <summary>Makes an empty one.</summary>
    /// <param name="hiddenSize">H, the length of an input and of an output.</param>
    /// <param name="maxChoices">Most choices that a token can have in any layer.</param>
    public RoutedTokens(int hiddenSize, int maxChoices)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxChoices, 1);
        HiddenSize = hiddenSize;
        MaxChoices = maxChoices;
    }

    /// <summary>H, the length of an input and of an output.</summary>
    public int HiddenSize { get; }

    /// <summary>Slots that each token has.</summary>
    public int MaxChoices { get; }

    /// <summary>Tokens at hand.</summary>
    public int TokenCount { get; private set; }

    /// <summary>What the experts are given, [TokenCount, H].</summary>
    public Memory<float> Inputs => _inputs.AsMemory(0, TokenCount * HiddenSize);

    /// <summary>What the experts gave, [TokenCount · MaxChoices, H], by slot. Slots beyond a token's choices hold anything.</summary>
    public Memory<float> Outputs => _outputs.AsMemory(0, TokenCount * MaxChoices * HiddenSize);

    /// <summary>How many experts each token chose, [TokenCount].</summary>
    public ReadOnlySpan<int> ChoiceCounts => _choiceCounts.AsSpan(0, TokenCount);

    /// <summary>The experts chosen, [TokenCount · MaxChoices], by slot.</summary>
    public ReadOnlySpan<int> ExpertIds => _expertIds.AsSpan(0, TokenCount * MaxChoices);

    /// <summary>The share of each in the token's sum, [TokenCount · MaxChoices], by slot.</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, TokenCount * MaxChoices);

    /// <summary>Makes room for the tokens of a layer; they have no choices yet, and the inputs hold anything.</summary>
    public void Reset(int tokenCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokenCount);
        int slots = checked(tokenCount * MaxChoices);
        EnsureRoom(ref _inputs, checked(tokenCount * HiddenSize));
        EnsureRoom(ref _outputs, checked(slots * HiddenSize));
        EnsureRoom(ref _weights, slots);
        EnsureRoom(ref _expertIds, slots);
        EnsureRoom(ref _choiceCounts, tokenCount);
        TokenCount = tokenCount;
        _choiceCounts.AsSpan(0, tokenCount).Clear();
    }

    /// <summary>
    /// Leaves the memory to a call that was given up: an expert that answers late writes there, and nobody reads it. The next
    /// <see cref="Reset"/> takes new memory.
    /// </summary>
    public void Abandon()
    {
        _inputs = [];
        _outputs = [];
        _weights = [];
        _expertIds = [];
        _choiceCounts = [];
        TokenCount = 0;
    }

    /// <summary>Chooses for one token the likeliest experts, best first; of equals the lower.</summary>
    /// <param name="token">The token, 0 to TokenCount − 1.</param>
    /// <param name="probabilities">Of all experts of the layer, [E].</param>
    /// <param name="expertsPerToken">The model's k.</param>
    /// <param name="expertLimit">At most this many are kept; at least 1, and more than k changes nothing.</param>
    /// <param name="normalize">
    /// True: the weights kept add up to 1. False: to what those of all k add up to, so that a limit changes who answers and not how loud.
    /// </param>
    public void ChooseTop(int token, ReadOnlySpan<float> probabilities, int expertsPerToken, int expertLimit, bool normalize)
    {
        int first = token * MaxChoices;
        Span<int> chosen = _expertIds.AsSpan(first, expertsPerToken);
        Span<float> weights = _weights.AsSpan(first, expertsPerToken);
        for (int j = 0; j < expertsPerToken; j++)
        {
            int best = -1;
            for (int expert = 0; expert < probabilities.Length; expert++)
            {
                if ((best < 0 || probabilities[expert] > probabilities[best]) && !chosen[..j].Contains(expert))
                {
                    best = expert;
                }
            }

            chosen[j] = best;
            weights[j] = probabilities[best];
        }

        int kept = Math.Min(expertsPerToken, expertLimit);
        float sumOfKept = Sum(weights[..kept]);
        float target = normalize ? 1f : Sum(weights);
        if (normalize || kept < expertsPerToken)
        {
            for (int j = 0; j < kept; j++)
            {
                weights[j] = weights[j] / sumOfKept * target;
            }
        }

        _choiceCounts[token] = kept;
    }

    /// <summary>Every token chooses the experts 0 to <paramref name="expertCount"/> − 1 with weight 1: a dense block cut into slices.</summary>
    public void ChooseAll(int expertCount)
    {
        for (int token = 0; token < TokenCount; token++)
        {
            for (int j = 0; j < expertCount; j++)
            {
                _expertIds[(token * MaxChoices) + j] = j;
                _weights[(token * MaxChoices) + j] = 1f;
            }

            _choiceCounts[token] = expertCount;
        }
    }

    /// <summary>Makes the outputs of all choices representable in a precision, in place.</summary>
    public void RoundOutputs(ActivationPrecision precision)
    {
        if (precision == ActivationPrecision.Float32)
        {
            return;
        }

        for (int token = 0; token < TokenCount; token++)
        {
            precision.Round(_outputs.AsSpan(token * MaxChoices * HiddenSize, _choiceCounts[token] * HiddenSize));
        }
    }

    /// <summary>
    /// sum [H] = Σ weight · output over a token's own choices, always in the order of the choices:
    /// the bits do not depend on who computed what when.
    /// </summary>
    public void Combine(int token, Span<float> sum)
    {
        sum.Clear();
        for (int j = 0; j < _choiceCounts[token]; j++)
        {
            int slot = (token * MaxChoices) + j;
            AddScaled(sum, _outputs.AsSpan(slot * HiddenSize, HiddenSize), _weights[slot]);
        }
    }

    private static void AddScaled(Span<float> sum, ReadOnlySpan<float> output, float weight)
    {
        Span<Vector<float>> sums = MemoryMarshal.Cast<float, Vector<float>>(sum);
        ReadOnlySpan<Vector<float>> outputs = MemoryMarshal.Cast<float, Vector<float>>(output);
        Vector<float> weights = new(weight);
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = Vector.FusedMultiplyAdd(outputs[i], weights, sums[i]);
        }

        for (int i = sums.Length * Vector<float>.Count; i < sum.Length; i++)
        {
            sum[i] = MathF.FusedMultiplyAdd(output[i], weight, sum[i]);
        }
    }

    private static float Sum(ReadOnlySpan<float> values)
    {
        float sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        return sum;
    }

    private static void EnsureRoom<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[Math.Max(length, Math.Min(array.Length * 2L, Array.MaxLength))];
        }
    }
}
