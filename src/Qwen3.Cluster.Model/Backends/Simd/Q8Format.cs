using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Eight bits: the vectors as they are.</summary>
internal readonly unsafe struct Q8Format : IPackedFormat
{
    public static int BlockBytes => 256;

    public static int Bias => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TSums Sum<TSums>(byte* block, sbyte* x)
        where TSums : struct, IByteSums<TSums>
    {
        TSums sums = Add<TSums>(default, block, x);
        sums = Add(sums, block + 32, x + 4);
        sums = Add(sums, block + 64, x + 8);
        sums = Add(sums, block + 96, x + 12);
        sums = Add(sums, block + 128, x + 16);
        sums = Add(sums, block + 160, x + 20);
        sums = Add(sums, block + 192, x + 24);
        return Add(sums, block + 224, x + 28);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lower(byte* block, nint vector) => Vector256.Load(block + (32 * vector));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Upper(byte* block, nint vector) => Vector256.Load(block + 128 + (32 * vector));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TSums Add<TSums>(TSums sums, byte* weights, sbyte* x)
        where TSums : struct, IByteSums<TSums> =>
        TSums.Add(sums, TSums.Prepare(Vector256.Load(weights)), Vector256.Create(*(int*)x).AsSByte());
}
