namespace Qwen3.Cluster.Model.Experts;

/// <summary>Routed tokens in, expert outputs back: wherever the experts live. Works for one thread.</summary>
public interface IExpertPool : IDisposable
{
    /// <summary>Which experts each layer has.</summary>
    ExpertLayout Layout { get; }

    /// <summary>How exact the numbers are that go to the experts and come back; the same wherever an expert lives.</summary>
    ActivationPrecision Precision { get; }

    /// <summary>Whether a call takes time in which its caller could compute: when experts live elsewhere.</summary>
    bool CanOverlap { get; }

    /// <summary>
    /// Has the outputs of every choice in <paramref name="tokens"/> computed; they are there when the call is finished.
    /// The bits do not depend on where an expert lives nor on what else is in the batch. Several calls may be under way at once,
    /// each with tokens of its own, which belong to the pool until then.
    /// </summary>
    /// <param name="layer">The layer whose experts are asked, 0 to layers − 1.</param>
    /// <param name="tokens">Inputs and choices; its outputs are filled.</param>
    IExpertCall Begin(int layer, RoutedTokens tokens);
}
