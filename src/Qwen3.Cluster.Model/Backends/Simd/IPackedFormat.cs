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

    /// <summary>Writes the eight vectors of a block, 8 rows × 4 columns each, as <see cref="IByteSums{TSelf}.Add"/> takes them; 64 bytes apart.</summary>
    static abstract void Unpack<TSums>(byte* block, byte* panel)
        where TSums : struct, IByteSums<TSums>;
}
