using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Registers of 256 bits, eight rows each.</summary>
/// <remarks>Leaf methods, see <see cref="DotTiles{TLanes, TWeight}"/>.</remarks>
internal readonly unsafe struct ByteTile256<TFormat, TSums> : IByteTile
    where TFormat : struct, IPackedFormat
    where TSums : struct, IByteSums<TSums>
{
    /// <inheritdoc/>
    public static int Panels => 1;

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
        Vector256<float> f00 = Vector256.Load(output), f01 = Vector256.Load(output + 8);
        Vector256<float> f10 = Vector256.Load(output + 16), f11 = Vector256.Load(output + 24);
        Vector256<float> f20 = Vector256.Load(output + 32), f21 = Vector256.Load(output + 40);
        Vector256<float> f30 = Vector256.Load(output + 48), f31 = Vector256.Load(output + 56);
        for (nint block = 0; block < blocks; block++)
        {
            TSums a00 = default, a01 = default, a10 = default, a11 = default;
            TSums a20 = default, a21 = default, a30 = default, a31 = default;
            for (nint k = 0; k < PackedLayout.BlockColumns; k += 4)
            {
                Vector256<byte> w0 = Vector256.Load(panel), w1 = Vector256.Load(panel + 32);
                Vector256<sbyte> x = Vector256.Create(*(int*)(x0 + k)).AsSByte();
                a00 = TSums.Add(a00, w0, x);
                a01 = TSums.Add(a01, w1, x);
                x = Vector256.Create(*(int*)(x1 + k)).AsSByte();
                a10 = TSums.Add(a10, w0, x);
                a11 = TSums.Add(a11, w1, x);
                x = Vector256.Create(*(int*)(x2 + k)).AsSByte();
                a20 = TSums.Add(a20, w0, x);
                a21 = TSums.Add(a21, w1, x);
                x = Vector256.Create(*(int*)(x3 + k)).AsSByte();
                a30 = TSums.Add(a30, w0, x);
                a31 = TSums.Add(a31, w1, x);
                panel += 64;
            }

            Vector256<float> d0 = Vector256.Load(panelScales), d1 = Vector256.Load(panelScales + 8);
            Vector256<int> bias = Vector256.Create(*(int*)(s0 + sumsFromScales + block) * (TFormat.Bias + TSums.Bias));
            f00 = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TSums.Total(a00) - bias), d0 * s0[block], f00);
            f01 = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TSums.Total(a01) - bias), d1 * s0[block], f01);
            bias = Vector256.Create(*(int*)(s1 + sumsFromScales + block) * (TFormat.Bias + TSums.Bias));
            f10 = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TSums.Total(a10) - bias), d0 * s1[block], f10);
            f11 = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TSums.Total(a11) - bias), d1 * s1[block], f11);
            bias = Vector256.Create(*(int*)(s2 + sumsFromScales + block) * (TFormat.Bias + TSums.Bias));
            f20 = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TSums.Total(a20) - bias), d0 * s2[block], f20);
            f21 = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TSums.Total(a21) - bias), d1 * s2[block], f21);
            bias = Vector256.Create(*(int*)(s3 + sumsFromScales + block) * (TFormat.Bias + TSums.Bias));
            f30 = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TSums.Total(a30) - bias), d0 * s3[block], f30);
            f31 = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TSums.Total(a31) - bias), d1 * s3[block], f31);
            x0 += PackedLayout.BlockColumns;
            x1 += PackedLayout.BlockColumns;
            x2 += PackedLayout.BlockColumns;
            x3 += PackedLayout.BlockColumns;
            panelScales += 16;
        }

        Vector256.Store(f00, output);
        Vector256.Store(f01, output + 8);
        Vector256.Store(f10, output + 16);
        Vector256.Store(f11, output + 24);
        Vector256.Store(f20, output + 32);
        Vector256.Store(f21, output + 40);
        Vector256.Store(f30, output + 48);
        Vector256.Store(f31, output + 56);
    }
}
