using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Experts;

/// <summary>What each <see cref="ActivationPrecision"/> does to values. Bytes are little-endian and need no alignment.</summary>
public static class ActivationPrecisions
{
    /// <summary>Bytes of one value.</summary>
    public static int Size(this ActivationPrecision precision) => precision == ActivationPrecision.BFloat16 ? 2 : 4;

    /// <summary>Makes the values representable, in place; those that are already stay as they are.</summary>
    public static void Round(this ActivationPrecision precision, Span<float> values)
    {
        if (precision == ActivationPrecision.BFloat16)
        {
            FloatConversion.RoundToBFloat16(values);
        }
    }

    /// <summary>Writes the values; exact for those that are representable, else rounded.</summary>
    /// <param name="precision">How.</param>
    /// <param name="values">[n].</param>
    /// <param name="destination">[n × <see cref="Size"/>].</param>
    public static void Encode(this ActivationPrecision precision, ReadOnlySpan<float> values, Span<byte> destination)
    {
        if (precision == ActivationPrecision.BFloat16)
        {
            FloatConversion.ToBFloat16(values, destination);
        }
        else
        {
            MemoryMarshal.AsBytes(values).CopyTo(destination);
        }
    }

    /// <summary>Reads values that <see cref="Encode"/> wrote; exact.</summary>
    /// <param name="precision">How.</param>
    /// <param name="source">[n × <see cref="Size"/>].</param>
    /// <param name="values">[n].</param>
    public static void Decode(this ActivationPrecision precision, ReadOnlySpan<byte> source, Span<float> values)
    {
        if (precision == ActivationPrecision.BFloat16)
        {
            FloatConversion.FromBFloat16(source, values);
        }
        else
        {
            source.CopyTo(MemoryMarshal.AsBytes(values));
        }
    }
}
