using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// AVX2, weights from −128 to 127. Its product of bytes takes one side without a sign: that is the weight's magnitude, and its sign goes to the other.
/// A pair of products is at most 2 · 128 · 127 = 32,512, which just fits in 16 bits.
/// </summary>
internal readonly struct ByteSumsAvx2(Vector256<int> sums) : IByteSums<ByteSumsAvx2>
{
    private readonly Vector256<int> _sums = sums;

    public static int Bias => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Prepare(Vector256<byte> weights) => weights;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSumsAvx2 Add(ByteSumsAvx2 sums, Vector256<byte> weights, Vector256<sbyte> x) =>
        new(sums._sums + Avx2.MultiplyAddAdjacent(
            Avx2.MultiplyAddAdjacent(Avx2.Abs(weights.AsSByte()), Avx2.Sign(x, weights.AsSByte())), Vector256<short>.One));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Total(ByteSumsAvx2 sums) => sums._sums;
}
