namespace Qwen3.Cluster.Model.Experts;

/// <summary>Routed tokens in, expert outputs back: wherever the experts live.</summary>
public interface IExpertPool : IDisposable
{
    /// <summary>Which experts each layer has.</summary>
    ExpertLayout Layout { get; }

    /// <summary>
    /// Computes the outputs of every choice in <paramref name="tokens"/> and returns when all are there.
    /// The bits do not depend on where an expert lives nor on what else is in the batch.
    /// </summary>
    /// <param name="layer">The layer whose experts are asked, 0 to layers − 1.</param>
    /// <param name="tokens">Inputs and choices; its outputs are filled.</param>
    void Compute(int layer, RoutedTokens tokens);
}
