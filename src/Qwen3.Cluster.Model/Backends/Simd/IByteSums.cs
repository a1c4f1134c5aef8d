using System.Runtime.Intrinsics;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Running sums of products of bytes, eight lanes of four columns each: what differs from processor to processor. The sums are integers and exact,
/// so that all give the same.
/// </summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
internal interface IByteSums<TSelf>
    where TSelf : struct, IByteSums<TSelf>
{
    /// <summary>What <see cref="Prepare"/> has added to each weight.</summary>
    static abstract int Bias { get; }

    /// <summary>Brings the weights into the form in which <see cref="Add"/> takes them.</summary>
    static abstract Vector256<byte> Prepare(Vector256<byte> weights);

    /// <summary>sums[lane] += Σ weights[lane, j] · x[lane, j] over the lane's four bytes; eight times at most before <see cref="Total"/>.</summary>
    static abstract TSelf Add(TSelf sums, Vector256<byte> weights, Vector256<sbyte> x);

    /// <summary>The sums.</summary>
    static abstract Vector256<int> Total(TSelf sums);
}
