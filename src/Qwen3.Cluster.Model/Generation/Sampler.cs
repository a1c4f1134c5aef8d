using System.Numerics;
using System.Runtime.Intrinsics;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// Chooses the next token as vLLM (v1) defines it, in its order: penalties; then, at temperature 0, the likeliest token; else
/// temperature, min_p, top_k, and top_p of what these have left, and one draw. Log-probabilities are those of the model's own logits.
/// <para>
/// Equal logits rank by id, and top_k keeps exactly k. The draw is a function of the seed, the sample and the position
/// (<see cref="PhiloxGenerator"/>). Nothing sorts the vocabulary: with top_k the cost is one pass of comparisons over the V logits;
/// without, V exponentials, and for top_p a selection of as many tokens as its mass takes (<see cref="TopTokens"/>), at worst
/// O(V·log V) for a flat distribution. Buffers are kept: steady state allocates nothing, log-probabilities apart.
/// </para>
/// </summary>
/// <param name="vocabularySize">The tokenizer's ids; the logits from there on are padding.</param>
/// <param name="unusedIds">Ids among them that the tokenizer gives to no token: as little to be chosen as padding.</param>
internal sealed class Sampler(int vocabularySize, IReadOnlyList<int> unusedIds)
{
    /// <summary>Below this, temperature counts as 0, as in vLLM.</summary>
    private const float GreedyTemperature = 1e-5f;

    private const int FirstNucleus = 256;

    private readonly TopTokens _top = new();
    private readonly float[] _adjusted = new float[vocabularySize];
    private readonly float[] _weights = new float[vocabularySize];

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">One row of the model, [vocabulary with padding]; left as it is.</param>
    /// <param name="sampling">How to choose.</param>
    /// <param name="counts">What the penalties depend on; null when there are none.</param>
    /// <param name="banned">Tokens that may not be chosen.</param>
    /// <param name="sample">Which of the request's replies.</param>
    /// <param name="position">Which token of the reply, from 0.</param>
    /// <exception cref="InvalidDataException">The logits are not finite numbers.</exception>
    public int Choose(
        ReadOnlySpan<float> logits, SamplingParameters sampling, TokenCounts? counts, ReadOnlySpan<int> banned, int sample, int position)
    {
        logits = OfTokens(logits);
        if (counts is not null || banned.Length > 0)
        {
            logits.CopyTo(_adjusted);
            counts?.Penalize(_adjusted, sampling);
            foreach (int token in banned)
            {
                _adjusted[token] = float.NegativeInfinity;
            }

            logits = _adjusted;
        }

        float max = Max(logits);
        if (sampling.Temperature < GreedyTemperature)
        {
            return logits.IndexOf(max);
        }

        double uniform = PhiloxGenerator.Uniform(sampling.Seed, sample, position);
        return sampling switch
        {
            { TopK: > 0 } when sampling.TopK < vocabularySize => DrawFromTopK(logits, max, sampling, uniform),
            { TopP: < 1 } => DrawFromNucleus(logits, max, sampling, uniform),
            _ => DrawFromAll(logits, max, sampling, uniform),
        };
    }

    /// <summary>The log-probabilities of a token and of the likeliest ones, by the model's own logits.</summary>
    /// <param name="logits">One row of the model, [vocabulary with padding].</param>
    /// <param name="token">The token.</param>
    /// <param name="topCount">How many of the likeliest.</param>
    public TokenLogprob Describe(ReadOnlySpan<float> logits, int token, int topCount)
    {
        logits = OfTokens(logits);
        float max = Max(logits);
        double logOfSum = max + Math.Log(Weigh(logits, max, temperature: 1));
        _top.Select(logits, Math.Min(topCount, vocabularySize - unusedIds.Count));
        TokenLogprob[] top = new TokenLogprob[_top.Count];
        for (int i = 0; i < top.Length; i++)
        {
            top[i] = new TokenLogprob(_top.Ids[i], (float)(_top.Logits[i] - logOfSum), []);
        }

        return new TokenLogprob(token, (float)(logits[token] - logOfSum), top);
    }

    /// <summary>The logits of the ids that the tokenizer has a token for; −∞ for the others.</summary>
    private ReadOnlySpan<float> OfTokens(ReadOnlySpan<float> logits)
    {
        logits = logits[..vocabularySize];
        if (unusedIds.Count == 0)
        {
            return logits;
        }

        logits.CopyTo(_adjusted);
        foreach (int id in unusedIds)
        {
            _adjusted[id] = float.NegativeInfinity;
        }

        return _adjusted;
    }

    private int DrawFromTopK(ReadOnlySpan<float> logits, float max, SamplingParameters sampling, double uniform)
    {
        _top.Select(logits, sampling.TopK);
        double mass = KeepMinP(max, sampling, out int kept);
        return Draw(kept, sampling.TopP * mass, uniform);
    }

    private int DrawFromNucleus(ReadOnlySpan<float> logits, float max, SamplingParameters sampling, double uniform)
    {
        // The mass of the whole row first; then more and more of its likeliest tokens, until they have their share of it.
        double nucleus = Weigh(logits, max, sampling.Temperature);
        nucleus = sampling.TopP * (nucleus - DropBelow(sampling.MinP));
        for (int k = Math.Min(FirstNucleus, vocabularySize); ; k = (int)Math.Min(8L * k, vocabularySize))
        {
            _top.Select(logits, k);
            double selected = KeepMinP(max, sampling, out int kept);
            if (selected >= nucleus || kept < k || k == vocabularySize)
            {
                return Draw(kept, nucleus, uniform);
            }
        }
    }

    /// <summary>Weighs the selected tokens, exp((logit − max) / temperature), and keeps those of at least min_p; gives their mass.</summary>
    private double KeepMinP(float max, SamplingParameters sampling, out int kept)
    {
        double mass = 0;
        for (kept = 0; kept < _top.Count; kept++)
        {
            float weight = MathF.Exp((_top.Logits[kept] - max) / sampling.Temperature);
            if (weight < sampling.MinP)
            {
                break;
            }

            _weights[kept] = weight;
            mass += weight;
        }

        return mass;
    }

    /// <summary>Draws from the first of the selected tokens: those before which there is less than the nucleus.</summary>
    private int Draw(int kept, double nucleus, double uniform)
    {
        int size = 0;
        double mass = 0;
        while (size < kept && mass < nucleus)
        {
            mass += _weights[size++];
        }

        double target = uniform * mass;
        double sum = 0;
        int drawn = 0;
        for (int i = 0; i < size && sum <= target; i++)
        {
            sum += _weights[i];
            drawn = _weights[i] > 0 ? i : drawn;
        }

        return _top.Ids[drawn];
    }

    private int DrawFromAll(ReadOnlySpan<float> logits, float max, SamplingParameters sampling, double uniform)
    {
        double mass = Weigh(logits, max, sampling.Temperature);
        mass -= DropBelow(sampling.MinP);
        double target = uniform * mass;
        double sum = 0;
        int drawn = 0;
        for (int id = 0; id < vocabularySize && sum <= target; id++)
        {
            sum += _weights[id];
            drawn = _weights[id] > 0 ? id : drawn;
        }

        return drawn;
    }

    /// <summary>Fills the weights, exp((logit − max) / temperature), and gives their sum, in one order on every machine.</summary>
    private double Weigh(ReadOnlySpan<float> logits, float max, float temperature)
    {
        Vector256<double> low = Vector256<double>.Zero;
        Vector256<double> high = Vector256<double>.Zero;
        int id = 0;
        for (; id <= logits.Length - Vector256<float>.Count; id += Vector256<float>.Count)
        {
            Vector256<float> logit = Vector256.Create(logits.Slice(id, Vector256<float>.Count));
            Vector256<float> weight = Vector256.Exp((logit - Vector256.Create(max)) / Vector256.Create(temperature));
            weight.CopyTo(_weights, id);
            (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(weight);
            low += lower;
            high += upper;
        }

        double sum = Vector256.Sum(low + high);
        for (; id < logits.Length; id++)
        {
            _weights[id] = MathF.Exp((logits[id] - max) / temperature);
            sum += _weights[id];
        }

        return sum;
    }

    /// <summary>Sets weights below min_p to 0 and gives what they were in all; the likeliest token weighs 1.</summary>
    private double DropBelow(float minP)
    {
        double dropped = 0;
        if (minP > 0)
        {
            foreach (ref float weight in _weights.AsSpan())
            {
                if (weight < minP)
                {
                    dropped += weight;
                    weight = 0;
                }
            }
        }

        return dropped;
    }

    private static float Max(ReadOnlySpan<float> logits)
    {
        // Vector.Max gives NaN where either side is NaN.
        Vector<float> largest = new(float.NegativeInfinity);
        int id = 0;
        for (; id <= logits.Length - Vector<float>.Count; id += Vector<float>.Count)
        {
            largest = Vector.Max(largest, new Vector<float>(logits[id..]));
        }

        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            max = MathF.Max(max, largest[lane]);
        }

        for (; id < logits.Length; id++)
        {
            max = MathF.Max(max, logits[id]);
        }

        return float.IsFinite(max)
            ? max
            : throw new InvalidDataException($"The model's largest logit is {max}, not a finite number; its weights or a back-end are broken.");
    }
}
