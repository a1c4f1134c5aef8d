using System.Runtime.Intrinsics;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>How the bytes of a block of eight rows × 32 columns become weights.</summary>
internal unsafe interface IPackedFormat
{
    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>What a stored number is above the one that is meant.</summary>
    static abstract int Bias { get; }

    /// <summary>The sums of the eight rows with the 32 numbers of <paramref name="x"/>.</summary>
    static abstract TSums Sum<TSums>(byte* block, sbyte* x)
        where TSums : struct, IByteSums<TSums>;

    /// <summary>The columns 4v … 4v + 3 of a block, as stored: eight rows × four.</summary>
    /// <param name="block">The block.</param>
    /// <param name="vector">v, 0 to 3.</param>
    static abstract Vector256<byte> Lower(byte* block, nint vector);

    /// <summary>Those 16 further on.</summary>
    /// <param name="block">The block.</param>
    /// <param name="vector">v, 0 to 3.</param>
    static abstract Vector256<byte> Upper(byte* block, nint vector);
}
