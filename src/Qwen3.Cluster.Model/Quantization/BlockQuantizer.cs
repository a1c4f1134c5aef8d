using System.Runtime.Intrinsics;

namespace Qwen3.Cluster.Model.Quantization;

/// <summary>
/// Blocks of 32 numbers as small integers times a float16. Eight bits: the nearest multiple of largest / 127. Four bits, −8 to 7: the scale is searched
/// for, because which one is best depends on all 32 numbers, and the one that holds the largest exactly seldom is.
/// </summary>
internal static unsafe class BlockQuantizer
{
    // Scales that are tried for four bits: the largest number at −5.6 to −9.2 steps. Beyond, the error only grows.
    private const float FirstLevel = 5.6f;
    private const float LevelStep = 0.2f;
    private const int LevelCount = 19;

    /// <summary>Quantises a block to −127 … 127.</summary>
    /// <param name="block">32 numbers.</param>
    /// <param name="values">32 integers.</param>
    /// <returns>The scale, a float16. It is not finite where a number is not, or is too large for one.</returns>
    public static ushort ToEightBits(float* block, sbyte* values)
    {
        float largest = 0;
        for (int i = 0; i < PackedLayout.BlockColumns; i++)
        {
            largest = MathF.Max(largest, MathF.Abs(block[i]));
        }

        return Round(block, largest / 127, -127, 127, values);
    }

    /// <summary>
    /// Quantises a block to −8 … 7 with (about) the least sum of squared errors. For each of some scales the integers are those nearest to the numbers,
    /// and for these integers the best scale is known: Σ x·q / Σ q². Of these the one that explains most of Σ x² is taken.
    /// </summary>
    /// <param name="block">32 numbers.</param>
    /// <param name="values">32 integers.</param>
    /// <returns>The scale, a float16; it may be negative. It is not finite where a number is not, or is too large for one.</returns>
    public static ushort ToFourBits(float* block, sbyte* values)
    {
        float largest = 0, magnitude = 0;
        for (int i = 0; i < PackedLayout.BlockColumns; i++)
        {
            magnitude = MathF.Max(magnitude, MathF.Abs(block[i])); // becomes NaN, and stays so
            largest = MathF.Abs(block[i]) > MathF.Abs(largest) ? block[i] : largest;
        }

        if (!float.IsFinite(magnitude) || magnitude == 0)
        {
            new Span<sbyte>(values, PackedLayout.BlockColumns).Clear();
            return BitConverter.HalfToUInt16Bits((Half)magnitude);
        }

        // Both signs: −8 is one step further out than 7, and either end may need it.
        float bestScale = 0;
        float most = -1;
        for (int i = 0; i < 2 * LevelCount; i++)
        {
            float level = FirstLevel + (LevelStep * (i >> 1));
            float scale = largest / ((i & 1) == 0 ? -level : level);
            Explain(block, 1 / scale, out float products, out float squares);
            if (squares > 0 && products * products > most * squares)
            {
                most = products * products / squares;
                bestScale = products / squares;
            }
        }

        return Round(block, bestScale, -8, 7, values);
    }

    // Σ x·q and Σ q² of the nearest integers. Leaf: the registers stay registers.
    private static void Explain(float* block, float inverse, out float products, out float squares)
    {
        Vector256<float> product = default, square = default;
        for (int i = 0; i < PackedLayout.BlockColumns; i += 8)
        {
            Vector256<float> x = Vector256.Load(block + i);
            Vector256<float> q = Vector256.Round(x * inverse);
            q = Vector256.Min(Vector256.Max(q, Vector256.Create(-8f)), Vector256.Create(7f));
            product += x * q;
            square += q * q;
        }

        products = Vector256.Sum(product);
        squares = Vector256.Sum(square);
    }

    // The scale is rounded first, so that the integers are the nearest ones for the scale that will be used.
    private static ushort Round(float* block, float scale, float least, float most, sbyte* values)
    {
        Half stored = (Half)scale;
        float used = (float)stored;
        float inverse = used == 0 ? 0 : 1 / used;
        for (int i = 0; i < PackedLayout.BlockColumns; i += 16)
        {
            Vector256<int> low = Nearest(block + i, inverse, least, most), high = Nearest(block + i + 8, inverse, least, most);
            Vector256<short> both = Vector256.Narrow(low, high);
            Vector128.Store(Vector128.Narrow(both.GetLower(), both.GetUpper()), values + i);
        }

        return BitConverter.HalfToUInt16Bits(stored);
    }

    private static Vector256<int> Nearest(float* numbers, float inverse, float least, float most) => Vector256.ConvertToInt32(
        Vector256.Min(Vector256.Max(Vector256.Round(Vector256.Load(numbers) * inverse), Vector256.Create(least)), Vector256.Create(most)));
}
