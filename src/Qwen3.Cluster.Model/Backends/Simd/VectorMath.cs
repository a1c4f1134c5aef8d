using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// What is done element by element, and sums in a fixed order. A register of any width gives each element the same bits,
/// so these use the width that the machine likes.
/// </summary>
internal static unsafe class VectorMath
{
    // e^x = 2^n · e^r, |r| ≤ ln 2 / 2; ln 2 in two parts so that n · ln 2 is exact enough. The polynomial is Cephes' expf (S. Moshier).
    private const float Log2E = 1.44269504088896341f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    // Beyond these, 2^n is no normal float32. Shares and gates that small or large are 0 or 1 all the same.
    private const float Least = -87f;
    private const float Most = 88f;

    // Adding it to a small number rounds that to an integer, and leaves the integer in the low bits.
    private const float Rounder = 12582912f;

    /// <summary>e^x, within 2 units in the last place where the result is a normal number; held to [e⁻⁸⁷, e⁸⁸] elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Exp(Vector<float> x)
    {
        x = Vector.Min(Vector.Max(x, new Vector<float>(Least)), new Vector<float>(Most));
        Vector<float> rounded = Vector.FusedMultiplyAdd(x, new Vector<float>(Log2E), new Vector<float>(Rounder));
        Vector<float> n = rounded - new Vector<float>(Rounder);
        Vector<float> r = Vector.FusedMultiplyAdd(n, new Vector<float>(-Ln2High), x);
        r = Vector.FusedMultiplyAdd(n, new Vector<float>(-Ln2Low), r);

        Vector<float> p = new(1.9875691500e-4f);
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(1.3981999507e-3f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(8.3334519073e-3f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(4.1665795894e-2f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(1.6666665459e-1f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(5.0000001201e-1f));
        p = Vector.FusedMultiplyAdd(p, r * r, r + Vector<float>.One);

        Vector<int> power = Vector.AsVectorInt32(rounded) - Vector.AsVectorInt32(new Vector<float>(Rounder)) + new Vector<int>(127);
        return p * Vector.AsVectorSingle(Vector.ShiftLeft(power, 23));
    }

    /// <summary>gate = silu(gate) · up = gate / (1 + e^−gate) · up, <paramref name="length"/> a multiple of 16.</summary>
    public static void SwiGlu(float* gate, float* up, nint length)
    {
        for (nint i = 0; i < length; i += Vector<float>.Count)
        {
            Vector<float> g = Vector.Load(gate + i);
            Vector.Store(g / (Vector<float>.One + Exp(-g)) * Vector.Load(up + i), gate + i);
        }
    }

    /// <summary>target = source · factor.</summary>
    public static void Scale(float* source, float factor, float* target, nint length)
    {
        nint i = 0;
        for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Store(Vector.Load(source + i) * factor, target + i);
        }

        for (; i < length; i++)
        {
            target[i] = source[i] * factor;
        }
    }

    /// <summary>target += source.</summary>
    public static void Add(float* source, float* target, nint length)
    {
        nint i = 0;
        for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Store(Vector.Load(target + i) + Vector.Load(source + i), target + i);
        }

        for (; i < length; i++)
        {
            target[i] += source[i];
        }
    }

    /// <summary>output = RMS norm of input times weight, each [padded] with zeros to a multiple of 16; the mean is over <paramref name="length"/>.</summary>
    public static void Normalize(float* input, float* weight, int length, float epsilon, float* output)
    {
        int padded = SimdWeight.RoundUp(length);
        Vector<float> scale = new(1f / MathF.Sqrt((SumOfSquares(input, padded) / length) + epsilon));
        for (nint i = 0; i < padded; i += Vector<float>.Count)
        {
            Vector.Store(Vector.Load(input + i) * scale * Vector.Load(weight + i), output + i);
        }
    }

    /// <summary>Rotary embedding of a head [D] in place: element i turns with element i + D / 2.</summary>
    public static void Rotate(float* head, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        int half = cosines.Length;
        int i = 0;
        for (; i <= half - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> cosine = new(cosines[i..]), sine = new(sines[i..]);
            Vector<float> a = Vector.Load(head + i), b = Vector.Load(head + half + i);
            Vector.Store((a * cosine) - (b * sine), head + i);
            Vector.Store((b * cosine) + (a * sine), head + half + i);
        }

        for (; i < half; i++)
        {
            float a = head[i], b = head[half + i];
            head[i] = (a * cosines[i]) - (b * sines[i]);
            head[half + i] = (b * cosines[i]) + (a * sines[i]);
        }
    }

    /// <summary>
    /// Turns scores into e^(score − max) with the largest of them, and returns their sum. The buffer has room up to a multiple of 16 above
    /// <paramref name="count"/>, which comes back as zeros.
    /// </summary>
    public static float Exponentiate(float* scores, int count, out float max)
    {
        int padded = SimdWeight.RoundUp(count);
        new Span<float>(scores + count, padded - count).Fill(float.NegativeInfinity);
        Vector<float> largest = Vector.Load(scores);
        for (nint i = Vector<float>.Count; i < padded; i += Vector<float>.Count)
        {
            largest = Vector.Max(largest, Vector.Load(scores + i));
        }

        max = largest[0];
        for (int lane = 1; lane < Vector<float>.Count; lane++)
        {
            max = MathF.Max(max, largest[lane]);
        }

        Vector<float> maxima = new(max);
        for (nint i = 0; i < padded; i += Vector<float>.Count)
        {
            Vector.Store(Exp(Vector.Load(scores + i) - maxima), scores + i);
        }

        new Span<float>(scores + count, padded - count).Clear();
        return Sum(scores, padded);
    }

    // Sixteen lanes and one tree, whatever the machine has: four registers of 128 bits.
    private static float Sum(float* values, nint length)
    {
        Vector128<float> a = default, b = default, c = default, d = default;
        for (nint i = 0; i < length; i += 16)
        {
            a += Vector128.Load(values + i);
            b += Vector128.Load(values + i + 4);
            c += Vector128.Load(values + i + 8);
            d += Vector128.Load(values + i + 12);
        }

        return Lanes128.Sum(new Lanes128(a, b, c, d));
    }

    private static float SumOfSquares(float* values, nint length)
    {
        Lanes128 sum = default;
        for (nint i = 0; i < length; i += 16)
        {
            Lanes128 v = Lanes128.Load(values + i);
            sum = Lanes128.MultiplyAdd(v, v, sum);
        }

        return Lanes128.Sum(sum);
    }
}
