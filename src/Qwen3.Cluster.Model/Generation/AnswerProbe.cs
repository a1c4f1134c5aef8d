namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// How sure a model is of an answer, from its first tokens: the product of the likeliest token's probability at each of them, which is how
/// likely the model finds the beginning that it would choose itself, whatever was drawn. It can only fall, so that what is not sure
/// shows before the last of the tokens.
/// </summary>
/// <param name="calibration">How many tokens are looked at, and what is sure.</param>
public sealed class AnswerProbe(AutoCalibration calibration)
{
    private double _logConfidence;

    /// <summary>Tokens that it has looked at.</summary>
    public int TokenCount { get; private set; }

    /// <summary>0 to 1; 1 before the first token.</summary>
    public double Confidence => Math.Exp(_logConfidence);

    /// <summary>Whether the answer may be kept, as far as it has been looked at.</summary>
    public bool IsSure => Confidence >= calibration.Threshold;

    /// <summary>Whether further tokens change nothing; at the answer's end it is decided in any case.</summary>
    public bool IsDecided => !IsSure || TokenCount >= calibration.ProbeTokens;

    /// <summary>Looks at the next token.</summary>
    /// <param name="likeliest">The natural logarithm of the probability of the likeliest token at its place.</param>
    public void Add(double likeliest)
    {
        TokenCount++;
        _logConfidence += likeliest;
    }
}
