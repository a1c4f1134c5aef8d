using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Checkpoints.Synthetic;

/// <summary>
/// Random weights as they are stored, as fast as memory takes them: bits of a counter (SplitMix64, Steele et al. 2014), so that any part of a tensor
/// can be made alone, and the same seed gives the same bytes.
/// </summary>
internal static unsafe class Noise
{
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    // Standard deviations of what the bits mean before the scale: −127 … 127, −8 … 7, and ± [1, 2).
    private const double EightBitDeviation = 73.6, FourBitDeviation = 4.61, BFloat16Deviation = 1.53;

    /// <summary>Writes a part of a matrix whose numbers have about the standard deviation of 1 / √columns, which keeps activations near 1.</summary>
    /// <param name="type">BF16, Q8 or Q4.</param>
    /// <param name="columns">Of the matrix.</param>
    /// <param name="seed">Of the tensor.</param>
    /// <param name="start">The part's first byte in the tensor; for packed types, where a superblock begins.</param>
    /// <param name="part">Receives the part; for packed types, whole superblocks.</param>
    public static void Fill(TensorType type, int columns, ulong seed, long start, Span<byte> part)
    {
        FillBits(seed, start, part);
        double deviation = 1 / Math.Sqrt(columns);
        if (type == TensorType.BF16)
        {
            // Sign and fraction stay random, the exponent is that of the deviation.
            ulong exponent = (ulong)(FloatConversion.ToBFloat16((float)(deviation / BFloat16Deviation)) & 0x7F80) * 0x0001_0001_0001_0001;
            foreach (ref ulong four in MemoryMarshal.Cast<byte, ulong>(part))
            {
                four = (four & 0x807F_807F_807F_807F) | exponent;
            }

            int rest = part.Length % sizeof(ulong);
            foreach (ref ushort one in MemoryMarshal.Cast<byte, ushort>(part[^rest..]))
            {
                one = (ushort)((one & 0x807Fu) | (exponent & 0x7F80u));
            }

            return;
        }

        if (type == TensorType.Q8)
        {
            foreach (ref Vector256<sbyte> numbers in MemoryMarshal.Cast<byte, Vector256<sbyte>>(part))
            {
                numbers = Vector256.Max(numbers, Vector256.Create((sbyte)-127));
            }
        }

        // The signs stay random: four bits reach from −8 to 7, and a mean that all rows share would grow from layer to layer until all tokens are alike.
        Half scale = (Half)(deviation / (type == TensorType.Q8 ? EightBitDeviation : FourBitDeviation));
        ulong scales = BitConverter.HalfToUInt16Bits(scale) * 0x0001_0001_0001_0001UL;
        for (int superblock = 0; superblock < part.Length; superblock += PackedLayout.SuperblockBytes(type))
        {
            foreach (ref ulong four in MemoryMarshal.Cast<byte, ulong>(part.Slice(superblock, PackedLayout.ScaleBytes)))
            {
                four = (four & 0x8000_8000_8000_8000) | scales;
            }
        }
    }

    /// <summary>The seed of one of several tensors.</summary>
    public static ulong SeedOf(int seed, int tensor) => Mix(((ulong)(uint)seed << 32) | (uint)tensor);

    private static void FillBits(ulong seed, long start, Span<byte> part)
    {
        ulong counter = seed + ((ulong)(start / sizeof(ulong)) * Golden);
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(part);
        foreach (ref ulong word in words)
        {
            counter += Golden;
            word = Mix(counter);
        }

        ulong last = Mix(counter + Golden);
        MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(ref last))[..(part.Length % sizeof(ulong))].CopyTo(part[(words.Length * sizeof(ulong))..]);
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }
}
