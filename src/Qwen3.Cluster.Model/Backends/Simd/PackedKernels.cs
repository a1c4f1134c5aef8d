using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Products with packed weights. In each block of 32 columns the sum is an integer and exact; then sum = fma(integer, scale of the weights · scale of the
/// row, sum), block by block in ascending order. So the bits of a result depend neither on the kernel nor on the instructions.
/// </summary>
/// <remarks>Leaf methods, see <see cref="DotTiles{TLanes, TWeight}"/>.</remarks>
internal static unsafe class PackedKernels<TFormat, TSums>
    where TFormat : struct, IPackedFormat
    where TSums : struct, IByteSums<TSums>
{
    /// <summary>Rows of a panel: two groups.</summary>
    public const int PanelRows = 2 * PackedLayout.GroupRows;

    /// <summary>Superblocks that are unpacked at once: 8 KiB of bytes, which stay in the first-level cache.</summary>
    public const int PanelSuperblocks = 4;

    /// <summary>Bytes of an unpacked block of a panel.</summary>
    public const int PanelBlockBytes = PanelRows * PackedLayout.BlockColumns;

    /// <summary>Tokens of a tile.</summary>
    public const int TileTokens = 4;

    // Far enough that the line is there when it is needed, at the speed of the memory.
    private const int PrefetchBytes = 1152;

    /// <summary>output[r] = x · w[r] for the eight rows of two groups, whose bytes come as two streams.</summary>
    /// <param name="first">The first superblock of a group.</param>
    /// <param name="second">That of another; the same where there is none.</param>
    /// <param name="superblocks">Superblocks of a group.</param>
    /// <param name="x">The row's bytes.</param>
    /// <param name="scales">The scale of each block.</param>
    /// <param name="blockSums">The sum of each block's bytes.</param>
    /// <param name="outputs">[16]: the first group's rows, then the second's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneToken(byte* first, byte* second, nint superblocks, sbyte* x, float* scales, int* blockSums, float* outputs)
    {
        Vector256<float> a = default, b = default;
        for (; superblocks > 0; superblocks--)
        {
            byte* firstBlock = first + PackedLayout.ScaleBytes;
            byte* secondBlock = second + PackedLayout.ScaleBytes;
            if (Sse.IsSupported)
            {
                // The line that no block's prefetch reaches.
                Sse.PrefetchNonTemporal(first + PrefetchBytes);
                Sse.PrefetchNonTemporal(second + PrefetchBytes);
            }

            for (nint i = 0; i < PackedLayout.Blocks; i++)
            {
                if (Sse.IsSupported)
                {
                    Sse.PrefetchNonTemporal(firstBlock + PrefetchBytes);
                    Sse.PrefetchNonTemporal(firstBlock + PrefetchBytes + 64);
                    Sse.PrefetchNonTemporal(secondBlock + PrefetchBytes);
                    Sse.PrefetchNonTemporal(secondBlock + PrefetchBytes + 64);
                    if (TFormat.BlockBytes > 128)
                    {
                        Sse.PrefetchNonTemporal(firstBlock + PrefetchBytes + 128);
                        Sse.PrefetchNonTemporal(firstBlock + PrefetchBytes + 192);
                        Sse.PrefetchNonTemporal(secondBlock + PrefetchBytes + 128);
                        Sse.PrefetchNonTemporal(secondBlock + PrefetchBytes + 192);
                    }
                }

                Vector256<int> bias = Vector256.Create(blockSums[i] * (TFormat.Bias + TSums.Bias));
                Vector256<int> sums = TSums.Total(TFormat.Sum<TSums>(firstBlock, x)) - bias;
                Vector256<float> scale = Scales(first + (16 * i)) * scales[i];
                a = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(sums), scale, a);
                sums = TSums.Total(TFormat.Sum<TSums>(secondBlock, x)) - bias;
                scale = Scales(second + (16 * i)) * scales[i];
                b = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(sums), scale, b);
                firstBlock += TFormat.BlockBytes;
                secondBlock += TFormat.BlockBytes;
                x += PackedLayout.BlockColumns;
            }

            first = firstBlock;
            second = secondBlock;
            scales += PackedLayout.Blocks;
            blockSums += PackedLayout.Blocks;
        }

        Vector256.Store(a, outputs);
        Vector256.Store(b, outputs + PackedLayout.GroupRows);
    }

    /// <summary>Unpacks superblocks of two groups.</summary>
    /// <param name="first">A superblock of a group.</param>
    /// <param name="second">That of another; the same where there is none.</param>
    /// <param name="superblocks">How many follow each other.</param>
    /// <param name="panel">For each block 8 × (8 rows × 4 columns of the first group, then of the second).</param>
    /// <param name="scales">For each block the scales of the 16 rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* first, byte* second, nint superblocks, byte* panel, float* scales)
    {
        for (; superblocks > 0; superblocks--)
        {
            byte* firstBlock = first + PackedLayout.ScaleBytes;
            byte* secondBlock = second + PackedLayout.ScaleBytes;
            for (nint i = 0; i < PackedLayout.Blocks; i++)
            {
                TFormat.Unpack<TSums>(firstBlock, panel);
                TFormat.Unpack<TSums>(secondBlock, panel + 32);
                Vector256.Store(Scales(first + (16 * i)), scales);
                Vector256.Store(Scales(second + (16 * i)), scales + PackedLayout.GroupRows);
                firstBlock += TFormat.BlockBytes;
                secondBlock += TFormat.BlockBytes;
                panel += PanelBlockBytes;
                scales += PanelRows;
            }

            first = firstBlock;
            second = secondBlock;
        }
    }

    /// <summary>output[t, r] += x[t] · w[r] over the blocks of a panel, 16 rows, four tokens.</summary>
    /// <param name="panel">As <see cref="Unpack"/> writes it.</param>
    /// <param name="panelScales">The same.</param>
    /// <param name="blocks">Blocks of the panel.</param>
    /// <param name="x0">The bytes of the first token from the panel's first column on.</param>
    /// <param name="x1">Of the second.</param>
    /// <param name="x2">Of the third.</param>
    /// <param name="x3">Of the fourth.</param>
    /// <param name="s0">The scales of the first token's blocks.</param>
    /// <param name="s1">Of the second's.</param>
    /// <param name="s2">Of the third's.</param>
    /// <param name="s3">Of the fourth's.</param>
    /// <param name="sumsFromScales">From a token's scale of a block to the sum of the block's bytes, in elements.</param>
    /// <param name="output">[4, 16].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(
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
            panelScales += PanelRows;
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

    // Eight float16 as float32, exactly: their bits in the place of a float32's are the number times 2^−112.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scales(byte* halves)
    {
        Vector128<short> eight = Vector128.Load((short*)halves);
        Vector256<int> wide = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(eight)
            : Vector256.Create(Vector128.WidenLower(eight), Vector128.WidenUpper(eight));
        Vector256<int> bits = ((wide << 16) >> 3) & Vector256.Create(unchecked((int)0x8FFF_FFFF));
        return bits.AsSingle() * Vector256.Create(5.192296858534828e33f);
    }
}
