using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>AVX-VNNI, weights from 0 to 15: four products and their sum in one instruction.</summary>
internal readonly struct NibbleSumsVnni(Vector256<int> sums) : IByteSums<NibbleSumsVnni>
{
    private readonly Vector256<int> _sums = sums;

    public static int Bias => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Prepare(Vector256<byte> weights) => weights;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NibbleSumsVnni Add(NibbleSumsVnni sums, Vector256<byte> weights, Vector256<sbyte> x) =>
        new(AvxVnni.MultiplyWideningAndAdd(sums._sums, weights, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Total(NibbleSumsVnni sums) => sums._sums;
}
