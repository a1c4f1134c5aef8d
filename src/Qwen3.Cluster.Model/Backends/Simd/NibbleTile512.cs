using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// AVX-512, weights from 0 to 15: all 16 rows in one register, pairs of products in 16 bits as in <see cref="NibbleSumsAvx2"/>. Twice as wide as the
/// dot product of AVX-VNNI, of which .NET 10 has no wider form. Bytes would overflow.
/// </summary>
/// <remarks>Leaf methods, see <see cref="DotTiles{TLanes, TWeight}"/>.</remarks>
internal readonly unsafe struct NibbleTile512 : IByteTile
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(
        byte* panel,
        float* panelScales,
        nint blocks,
        sbyte* x0,
        sbyte* x1,
        sbyte* x2,
        sbyte* x3,
        float* s0,
        float* s1,
        float* s2,
        float* s3,
        nint sumsFromScales,
        float* output)
    {
        Vector512<float> f0 = Vector512.Load(output), f1 = Vector512.Load(output + 16);
        Vector512<float> f2 = Vector512.Load(output + 32), f3 = Vector512.Load(output + 48);
        for (nint block = 0; block < blocks; block++)
        {
            Vector512<short> a0 = default, a1 = default, a2 = default, a3 = default;
            for (nint k = 0; k < PackedLayout.BlockColumns; k += 8)
            {
                Vector512<byte> w = Vector512.Load(panel), v = Vector512.Load(panel + 64);
                a0 += Pairs(w, x0 + k);
                a1 += Pairs(w, x1 + k);
                a2 += Pairs(w, x2 + k);
                a3 += Pairs(w, x3 + k);
                a0 += Pairs(v, x0 + k + 4);
                a1 += Pairs(v, x1 + k + 4);
                a2 += Pairs(v, x2 + k + 4);
                a3 += Pairs(v, x3 + k + 4);
                panel += 128;
            }

            Vector512<float> scales = Vector512.Load(panelScales);
            f0 = Scaled(a0, scales, s0 + block, sumsFromScales, f0);
            f1 = Scaled(a1, scales, s1 + block, sumsFromScales, f1);
            f2 = Scaled(a2, scales, s2 + block, sumsFromScales, f2);
            f3 = Scaled(a3, scales, s3 + block, sumsFromScales, f3);
            x0 += PackedLayout.BlockColumns;
            x1 += PackedLayout.BlockColumns;
            x2 += PackedLayout.BlockColumns;
            x3 += PackedLayout.BlockColumns;
            panelScales += 16;
        }

        Vector512.Store(f0, output);
        Vector512.Store(f1, output + 16);
        Vector512.Store(f2, output + 32);
        Vector512.Store(f3, output + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs(Vector512<byte> weights, sbyte* x) =>
        Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(*(int*)x).AsSByte());

    // sum + (pairs − bias) · scales · scale
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scaled(Vector512<short> pairs, Vector512<float> scales, float* scale, nint sumsFromScales, Vector512<float> sum)
    {
        Vector512<int> bias = Vector512.Create(*(int*)(scale + sumsFromScales) * Q4Format.Bias);
        Vector512<int> total = Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One) - bias;
        return Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(total), scales * *scale, sum);
    }
}
