using System.Numerics;
using System.Runtime.CompilerServices;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// Conversion between float32 and the narrower types of weights and activations: exact to float32, to the nearest bfloat16 back.
/// Bytes need no alignment; a span gives the same bits as its elements one by one.
/// </summary>
public static unsafe class FloatConversion
{
    private static readonly float[] E4M3Values = MakeE4M3Values();

    /// <summary>The value of one e4m3 code: NaN for 0x7F and 0xFF, else at most ±448.</summary>
    public static float FromE4M3(byte code) => E4M3Values[code];

    public static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float FromFloat16(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>The nearest bfloat16, ties to even; NaN stays NaN.</summary>
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // Rounding could carry a NaN's low mantissa bits over into infinity: set the quiet bit instead.
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    /// <summary>The values of consecutive bfloat16 elements, as many as <paramref name="destination"/> holds.</summary>
    /// <exception cref="ArgumentException">The source has not two bytes for each.</exception>
    public static void FromBFloat16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (source.Length != sizeof(ushort) * (long)destination.Length)
        {
            throw new ArgumentException($"{destination.Length} bfloat16 values take twice as many bytes, not {source.Length}.", nameof(source));
        }

        fixed (byte* from = source)
        {
            FromBFloat16(from, destination);
        }
    }

    /// <summary>The nearest bfloat16 of each value, as <see cref="ToBFloat16(float)"/>.</summary>
    /// <exception cref="ArgumentException">The destination has not two bytes for each.</exception>
    public static void ToBFloat16(ReadOnlySpan<float> source, Span<byte> destination)
    {
        if (destination.Length != sizeof(ushort) * (long)source.Length)
        {
            throw new ArgumentException($"{source.Length} bfloat16 values take twice as many bytes, not {destination.Length}.", nameof(destination));
        }

        int i = 0;
        fixed (float* from = source)
        fixed (byte* to = destination)
        {
            for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
            {
                Vector<uint> low = RoundedToBFloat16(Unsafe.ReadUnaligned<Vector<float>>(from + i));
                Vector<uint> high = RoundedToBFloat16(Unsafe.ReadUnaligned<Vector<float>>(from + i + Vector<float>.Count));
                Unsafe.WriteUnaligned(to + 2L * i, Vector.Narrow(low >>> 16, high >>> 16));
            }

            for (; i < source.Length; i++)
            {
                Unsafe.WriteUnaligned(to + 2L * i, ToBFloat16(from[i]));
            }
        }
    }

    /// <summary>Replaces each value by its nearest bfloat16, as <see cref="ToBFloat16(float)"/>.</summary>
    public static void RoundToBFloat16(Span<float> values)
    {
        int i = 0;
        fixed (float* at = values)
        {
            for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                Unsafe.WriteUnaligned(at + i, RoundedToBFloat16(Unsafe.ReadUnaligned<Vector<float>>(at + i)));
            }

            for (; i < values.Length; i++)
            {
                at[i] = FromBFloat16(ToBFloat16(at[i]));
            }
        }
    }

    /// <summary>Converts consecutive elements, as many as <paramref name="destination"/> holds. e4m3 comes without its block scales.</summary>
    internal static void ToFloats(byte* source, TensorType type, Span<float> destination)
    {
        switch (type)
        {
            case TensorType.F32:
                new ReadOnlySpan<byte>(source, checked(destination.Length * sizeof(float)))
                    .CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(destination));
                break;
            case TensorType.BF16:
                FromBFloat16(source, destination);
                break;
            case TensorType.F16:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = FromFloat16(Unsafe.ReadUnaligned<ushort>(source + 2L * i));
                }

                break;
            case TensorType.F8E4M3:
                float[] values = E4M3Values;
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = values[source[i]];
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Not a weight's element type.");
        }
    }

    private static void FromBFloat16(byte* source, Span<float> destination)
    {
        int i = 0;
        fixed (float* to = destination)
        {
            for (; i <= destination.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
            {
                Vector.Widen(Unsafe.ReadUnaligned<Vector<ushort>>(source + 2L * i), out Vector<uint> low, out Vector<uint> high);
                Unsafe.WriteUnaligned(to + i, low << 16);
                Unsafe.WriteUnaligned(to + i + Vector<uint>.Count, high << 16);
            }
        }

        for (; i < destination.Length; i++)
        {
            destination[i] = FromBFloat16(Unsafe.ReadUnaligned<ushort>(source + 2L * i));
        }
    }

    // The bits of the nearest bfloat16 in the upper half, zeros below.
    private static Vector<uint> RoundedToBFloat16(Vector<float> values)
    {
        Vector<uint> bits = Vector.AsVectorUInt32(values);
        Vector<uint> rounded = bits + new Vector<uint>(0x7FFF) + (bits >>> 16 & Vector<uint>.One);
        Vector<uint> quiet = bits | new Vector<uint>(0x40_0000);
        Vector<uint> isNumber = Vector.AsVectorUInt32(Vector.Equals(values, values));
        return Vector.ConditionalSelect(isNumber, rounded, quiet) & new Vector<uint>(0xFFFF_0000);
    }

    private static float[] MakeE4M3Values()
    {
        float[] values = new float[256];
        for (int code = 0; code < 256; code++)
        {
            int exponent = code >> 3 & 15, mantissa = code & 7;
            float magnitude = exponent == 0 ? MathF.ScaleB(mantissa, -9) : MathF.ScaleB(8 + mantissa, exponent - 10);
            values[code] = (code & 0x7F) == 0x7F ? float.NaN : (code & 0x80) == 0 ? magnitude : -magnitude;
        }

        return values;
    }
}
