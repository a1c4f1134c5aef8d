using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Any processor, weights of either kind: 0 to 15 and −128 to 127 are both bytes with a sign. ARM's dot product where there is one, else four products
/// of whole lanes.
/// </summary>
internal readonly struct PortableSums(Vector256<int> sums) : IByteSums<PortableSums>
{
    private readonly Vector256<int> _sums = sums;

    public static int Bias => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Prepare(Vector256<byte> weights) => weights;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PortableSums Add(PortableSums sums, Vector256<byte> weights, Vector256<sbyte> x)
    {
        if (Dp.IsSupported)
        {
            return new(Vector256.Create(
                Dp.DotProduct(sums._sums.GetLower(), weights.GetLower().AsSByte(), x.GetLower()),
                Dp.DotProduct(sums._sums.GetUpper(), weights.GetUpper().AsSByte(), x.GetUpper())));
        }

        Vector256<int> w = weights.AsInt32(), y = x.AsInt32();
        return new(
            sums._sums
            + (((w << 24) >> 24) * ((y << 24) >> 24))
            + (((w << 16) >> 24) * ((y << 16) >> 24))
            + (((w << 8) >> 24) * ((y << 8) >> 24))
            + ((w >> 24) * (y >> 24)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Total(PortableSums sums) => sums._sums;
}
