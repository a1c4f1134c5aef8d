using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>
/// Rotary position embedding (arXiv 2104.09864, in the rotate-half layout) with static YaRN (arXiv 2309.00071):
/// the frequencies of a model, and the cosines and sines of the rows of one step. Angles are computed in float64.
/// </summary>
public sealed class RotaryTable
{
    private readonly double[] _frequencies;
    private float[] _cosines = [];
    private float[] _sines = [];
    private int _count;

    /// <summary>Computes a model's frequencies.</summary>
    public RotaryTable(ModelConfig config)
    {
        int half = config.HeadDim / 2;
        _frequencies = new double[half];
        for (int i = 0; i < half; i++)
        {
            _frequencies[i] = Math.Pow(config.RopeTheta, -2.0 * i / config.HeadDim);
        }

        AttentionFactor = 1;
        if (config.RopeScaling is { } yarn)
        {
            Stretch(_frequencies, config, yarn);
            AttentionFactor = yarn.AttentionFactor;
        }
    }

    /// <summary>Radians that each pair of elements turns from one position to the next, [D / 2].</summary>
    public ReadOnlySpan<double> Frequencies => _frequencies;

    /// <summary>Already in the cosines and sines: YaRN's factor on the attention; 1 without YaRN.</summary>
    public double AttentionFactor { get; }

    /// <summary>cos(position · frequency) · AttentionFactor of the step's rows, [T, D / 2].</summary>
    public ReadOnlySpan<float> Cosines => _cosines.AsSpan(0, _count);

    /// <summary>sin(position · frequency) · AttentionFactor of the step's rows, [T, D / 2].</summary>
    public ReadOnlySpan<float> Sines => _sines.AsSpan(0, _count);

    /// <summary>Computes the cosines and sines of a step; all layers share them.</summary>
    /// <param name="positions">The position of each row, [T].</param>
    public void Prepare(ReadOnlySpan<int> positions)
    {
        int half = _frequencies.Length;
        _count = positions.Length * half;
        if (_cosines.Length < _count)
        {
            _cosines = new float[Math.Max(_count, _cosines.Length * 2)];
            _sines = new float[_cosines.Length];
        }

        for (int row = 0; row < positions.Length; row++)
        {
            for (int i = 0; i < half; i++)
            {
                (double sine, double cosine) = Math.SinCos(positions[row] * _frequencies[i]);
                _cosines[(row * half) + i] = (float)(cosine * AttentionFactor);
                _sines[(row * half) + i] = (float)(sine * AttentionFactor);
            }
        }
    }

    // Pairs that turn often in the original context keep their frequency, those that turn seldom are slowed by the factor, a ramp between.
    private static void Stretch(Span<double> frequencies, ModelConfig config, YarnScaling yarn)
    {
        // The index of the pair that turns so many times within the original context.
        double PairOf(double turns) =>
            config.HeadDim * Math.Log(yarn.OriginalMaxPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));

        double low = Math.Max(Math.Floor(PairOf(yarn.BetaFast)), 0);
        double high = Math.Min(Math.Ceiling(PairOf(yarn.BetaSlow)), config.HeadDim - 1);
        if (low == high)
        {
            high += 0.001; // as the original does, against a division by zero
        }

        for (int i = 0; i < frequencies.Length; i++)
        {
            double slowed = Math.Clamp((i - low) / (high - low), 0, 1);
            frequencies[i] = (frequencies[i] / yarn.Factor * slowed) + (frequencies[i] * (1 - slowed));
        }
    }
}
