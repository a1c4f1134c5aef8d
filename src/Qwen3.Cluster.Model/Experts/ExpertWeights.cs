using Qwen3.Cluster.Model.Backends;

namespace Qwen3.Cluster.Model.Experts;

/// <summary>The weights of one expert of one layer: down · (silu(gate · x) ⊙ (up · x)).</summary>
/// <param name="Gate">[I, H], I the width of the expert.</param>
/// <param name="Up">[I, H].</param>
/// <param name="Down">[H, I].</param>
public sealed record ExpertWeights(Weight Gate, Weight Up, Weight Down) : IDisposable
{
    private bool _isFetched;

    /// <summary>Bytes that they take.</summary>
    public long ByteCount => Gate.ByteCount + Up.ByteCount + Down.ByteCount;

    /// <summary>At its first use: has the file's pages read that are not in memory yet, while others compute.</summary>
    public void FetchOnce()
    {
        if (!_isFetched)
        {
            _isFetched = true;
            Gate.Fetch();
            Up.Fetch();
            Down.Fetch();
        }
    }

    /// <summary>Frees the three.</summary>
    public void Dispose()
    {
        Gate.Dispose();
        Up.Dispose();
        Down.Dispose();
    }
}
