using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// AVX-512, weights from 0 to 15: 16 rows in a register, 32 in a tile, so that loads do not hold it up; pairs of products in 16 bits as in
/// <see cref="NibbleSumsAvx2"/>. Twice as wide as the dot product of AVX-VNNI, of which .NET 10 has no wider form. Bytes would overflow.
/// </summary>
/// <remarks>Leaf methods, see <see cref="DotTiles{TLanes, TWeight}"/>.</remarks>
internal readonly unsafe struct NibbleTile512 : IByteTile
{
    /// <inheritdoc/>
    public static int Panels => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(
        byte* panel,
        float* panelScales,
        nint secondPanel,
        nint secondPanelScales,
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
        byte* second = panel + secondPanel;
        float* secondScales = panelScales + secondPanelScales;
        Vector512<float> f0 = Vector512.Load(output), f1 = Vector512.Load(output + 32);
        Vector512<float> f2 = Vector512.Load(output + 64), f3 = Vector512.Load(output + 96);
        Vector512<float> g0 = Vector512.Load(output + 16), g1 = Vector512.Load(output + 48);
        Vector512<float> g2 = Vector512.Load(output + 80), g3 = Vector512.Load(output + 112);
        for (nint block = 0; block < blocks; block++)
        {
            Vector512<short> a0 = default, a1 = default, a2 = default, a3 = default;
            Vector512<short> b0 = default, b1 = default, b2 = default, b3 = default;
            for (nint k = 0; k < PackedLayout.BlockColumns; k += 4)
            {
                Vector512<byte> w = Vector512.Load(panel), v = Vector512.Load(second);
                Vector512<sbyte> x = Four(x0 + k);
                a0 += Avx512BW.MultiplyAddAdjacent(w, x);
                b0 += Avx512BW.MultiplyAddAdjacent(v, x);
                x = Four(x1 + k);
                a1 += Avx512BW.MultiplyAddAdjacent(w, x);
                b1 += Avx512BW.MultiplyAddAdjacent(v, x);
                x = Four(x2 + k);
                a2 += Avx512BW.MultiplyAddAdjacent(w, x);
                b2 += Avx512BW.MultiplyAddAdjacent(v, x);
                x = Four(x3 + k);
                a3 += Avx512BW.MultiplyAddAdjacent(w, x);
                b3 += Avx512BW.MultiplyAddAdjacent(v, x);
                panel += 64;
                second += 64;
            }

            Vector512<float> d = Vector512.Load(panelScales), e = Vector512.Load(secondScales);
            f0 = Scaled(a0, d, s0 + block, sumsFromScales, f0);
            g0 = Scaled(b0, e, s0 + block, sumsFromScales, g0);
            f1 = Scaled(a1, d, s1 + block, sumsFromScales, f1);
            g1 = Scaled(b1, e, s1 + block, sumsFromScales, g1);
            f2 = Scaled(a2, d, s2 + block, sumsFromScales, f2);
            g2 = Scaled(b2, e, s2 + block, sumsFromScales, g2);
            f3 = Scaled(a3, d, s3 + block, sumsFromScales, f3);
            g3 = Scaled(b3, e, s3 + block, sumsFromScales, g3);
            x0 += PackedLayout.BlockColumns;
            x1 += PackedLayout.BlockColumns;
            x2 += PackedLayout.BlockColumns;
            x3 += PackedLayout.BlockColumns;
            panelScales += 16;
            secondScales += 16;
        }

        Vector512.Store(f0, output);
        Vector512.Store(g0, output + 16);
        Vector512.Store(f1, output + 32);
        Vector512.Store(g1, output + 48);
        Vector512.Store(f2, output + 64);
        Vector512.Store(g2, output + 80);
        Vector512.Store(f3, output + 96);
        Vector512.Store(g3, output + 112);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<sbyte> Four(sbyte* x) => Vector512.Create(*(int*)x).AsSByte();

    // sum + (pairs − bias) · scales · scale
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scaled(Vector512<short> pairs, Vector512<float> scales, float* scale, nint sumsFromScales, Vector512<float> sum)
    {
        Vector512<int> bias = Vector512.Create(*(int*)(scale + sumsFromScales) * Q4Format.Bias);
        Vector512<int> total = Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One) - bias;
        return Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(total), scales * *scale, sum);
    }
}
