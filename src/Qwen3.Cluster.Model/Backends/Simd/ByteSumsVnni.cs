using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>AVX-VNNI, weights from −128 to 127: 128 is added to them, because the instruction takes one side without a sign.</summary>
internal readonly struct ByteSumsVnni(Vector256<int> sums) : IByteSums<ByteSumsVnni>
{
    private readonly Vector256<int> _sums = sums;

    public static int Bias => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Prepare(Vector256<byte> weights) => weights ^ Vector256.Create((byte)0x80);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteSumsVnni Add(ByteSumsVnni sums, Vector256<byte> weights, Vector256<sbyte> x) =>
        new(AvxVnni.MultiplyWideningAndAdd(sums._sums, weights, x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Total(ByteSumsVnni sums) => sums._sums;
}
