using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Four bits: a vector has columns 4v … 4v + 3 in its low nibbles and those 16 further in its high ones.</summary>
internal readonly unsafe struct Q4Format : IPackedFormat
{
    public static int BlockBytes => 128;

    public static int Bias => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TSums Sum<TSums>(byte* block, sbyte* x)
        where TSums : struct, IByteSums<TSums>
    {
        Vector256<byte> v0 = Vector256.Load(block), v1 = Vector256.Load(block + 32);
        Vector256<byte> v2 = Vector256.Load(block + 64), v3 = Vector256.Load(block + 96);
        TSums sums = TSums.Add(default, Low(v0), Four(x));
        sums = TSums.Add(sums, Low(v1), Four(x + 4));
        sums = TSums.Add(sums, Low(v2), Four(x + 8));
        sums = TSums.Add(sums, Low(v3), Four(x + 12));
        sums = TSums.Add(sums, High(v0), Four(x + 16));
        sums = TSums.Add(sums, High(v1), Four(x + 20));
        sums = TSums.Add(sums, High(v2), Four(x + 24));
        return TSums.Add(sums, High(v3), Four(x + 28));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lower(byte* block, nint vector) => Low(Vector256.Load(block + (32 * vector)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Upper(byte* block, nint vector) => High(Vector256.Load(block + (32 * vector)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Low(Vector256<byte> both) => both & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High(Vector256<byte> both) => (both.AsUInt16() >>> 4).AsByte() & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Four(sbyte* x) => Vector256.Create(*(int*)x).AsSByte();
}
