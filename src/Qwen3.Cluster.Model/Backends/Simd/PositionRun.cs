namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Positions of a sequence that lie together in one page of the cache.</summary>
/// <param name="Keys">The first element of the first position's key.</param>
/// <param name="Values">The first position's value.</param>
/// <param name="KeyScales">The first position's scale, where numbers have scales.</param>
/// <param name="ValueScales">The same for values.</param>
/// <param name="Count">Positions.</param>
internal readonly unsafe record struct PositionRun(nint Keys, nint Values, nint KeyScales, nint ValueScales, int Count);
