using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// AVX2, weights from 0 to 15: a pair of products is at most 2 · 15 · 127 = 3,810, so that eight of them fit in 16 bits and the lanes are widened once.
/// </summary>
internal readonly struct NibbleSumsAvx2(Vector256<short> pairs) : IByteSums<NibbleSumsAvx2>
{
    private readonly Vector256<short> _pairs = pairs;

    public static int Bias => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Prepare(Vector256<byte> weights) => weights;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NibbleSumsAvx2 Add(NibbleSumsAvx2 sums, Vector256<byte> weights, Vector256<sbyte> x) =>
        new(sums._pairs + Avx2.MultiplyAddAdjacent(weights, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Total(NibbleSumsAvx2 sums) => Avx2.MultiplyAddAdjacent(sums._pairs, Vector256<short>.One);
}
