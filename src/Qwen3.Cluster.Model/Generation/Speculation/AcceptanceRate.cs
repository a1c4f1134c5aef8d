namespace Qwen3.Cluster.Model.Generation.Speculation;

/// <summary>How often a sequence's drafts come true, the latest ones counting most.</summary>
internal struct AcceptanceRate
{
    // A rate that is wrong is right again after about five tokens: text turns repetitive, and stops to be, from one sentence to the next.
    private const double Weight = 0.2;

    // Half: one draft is tried at first.
    private double _doubt = 0.5;

    public AcceptanceRate()
    {
    }

    /// <summary>The chance that a draft comes true whose forerunners did; 0 to 1.</summary>
    public readonly double Value => 1 - _doubt;

    /// <summary>Counts a draft whose forerunners came true.</summary>
    public void Add(bool cameTrue) => _doubt += Weight * ((cameTrue ? 0 : 1) - _doubt);
}
