using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Backends;

/// <summary>What becomes of a key or a value [D] of one head in a cache of each <see cref="CacheFormat"/>.</summary>
internal static class CacheNumbers
{
    private const float MostOfByte = 127f;

    /// <summary>Bytes of a number, without the scales of <see cref="CacheFormat.Q8"/>.</summary>
    public static int SizeOf(CacheFormat format) => format switch
    {
        CacheFormat.F32 => sizeof(float),
        CacheFormat.BF16 => sizeof(ushort),
        CacheFormat.Q8 => sizeof(sbyte),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No such format of a cache."),
    };

    /// <summary>Bytes of a key or a value of one head: its numbers, and the scale where there is one.</summary>
    public static int BytesOf(int headDim, CacheFormat format) =>
        checked((headDim * SizeOf(format)) + (format == CacheFormat.Q8 ? sizeof(float) : 0));

    /// <summary>Replaces the numbers by what the format keeps of them.</summary>
    public static void Round(Span<float> values, CacheFormat format)
    {
        if (format == CacheFormat.BF16)
        {
            FloatConversion.RoundToBFloat16(values);
        }
        else if (format == CacheFormat.Q8)
        {
            float scale = ScaleOf(values);
            float inverse = InverseOf(scale);
            foreach (ref float value in values)
            {
                value = ToByte(value, inverse) * scale;
            }
        }
    }

    /// <summary>What the bytes of <see cref="CacheFormat.Q8"/> are multiples of: the largest number is 127 of it.</summary>
    public static float ScaleOf(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return largest / MostOfByte;
    }

    /// <summary>What <see cref="ToByte"/> takes; 0 where all numbers are 0, or the scale is too small to divide by.</summary>
    public static float InverseOf(float scale) => float.IsNormal(scale) ? 1f / scale : 0f;

    /// <summary>The nearest byte, ties to even.</summary>
    public static sbyte ToByte(float value, float inverse) => (sbyte)Math.Clamp(MathF.Round(value * inverse), -MostOfByte, MostOfByte);
}
