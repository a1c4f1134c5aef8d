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
    private const int PrefetchBytes = 4608;

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
                Prefetch(firstBlock);
                Prefetch(secondBlock);
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

    /// <summary>output[t, r] = x[t] · w[r] for the eight rows of two groups and two to four tokens: the weights are read once, as they lie.</summary>
    /// <typeparam name="TCount">How many tokens.</typeparam>
    /// <param name="first">The first superblock of a group.</param>
    /// <param name="second">That of another; the same where there is none.</param>
    /// <param name="superblocks">Superblocks of a group.</param>
    /// <param name="x0">The bytes of the first token.</param>
    /// <param name="x1">Of the second.</param>
    /// <param name="x2">Of the third, if there is one.</param>
    /// <param name="x3">Of the fourth, if there is one.</param>
    /// <param name="scalesFromX">From a token's bytes to the scales of its blocks, in bytes.</param>
    /// <param name="sumsFromScales">From a token's scale of a block to the sum of the block's bytes, in elements.</param>
    /// <param name="outputs">[4, 16], zeros.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FewTokens<TCount>(
        byte* first, byte* second, nint superblocks, sbyte* x0, sbyte* x1, sbyte* x2, sbyte* x3, nint scalesFromX, nint sumsFromScales, float* outputs)
        where TCount : struct, ITokenCount
    {
        float* s0 = (float*)(x0 + scalesFromX), s1 = (float*)(x1 + scalesFromX), s2 = (float*)(x2 + scalesFromX), s3 = (float*)(x3 + scalesFromX);
        nint column = 0, block = 0;
        for (; superblocks > 0; superblocks--)
        {
            byte* firstBlock = first + PackedLayout.ScaleBytes;
            byte* secondBlock = second + PackedLayout.ScaleBytes;
            if (Sse.IsSupported)
            {
                Sse.PrefetchNonTemporal(first + PrefetchBytes);
                Sse.PrefetchNonTemporal(second + PrefetchBytes);
            }

            for (nint i = 0; i < PackedLayout.Blocks; i++)
            {
                Prefetch(firstBlock);
                Prefetch(secondBlock);
                FewSums<TCount>(firstBlock, x0 + column, x1 + column, x2 + column, x3 + column, out Vector256<int> a0, out Vector256<int> a1, out Vector256<int> a2, out Vector256<int> a3);
                FewSums<TCount>(secondBlock, x0 + column, x1 + column, x2 + column, x3 + column, out Vector256<int> b0, out Vector256<int> b1, out Vector256<int> b2, out Vector256<int> b3);
                Vector256<float> a = Scales(first + (16 * i)), b = Scales(second + (16 * i));
                AddBlock(a0, b0, a, b, s0 + block, sumsFromScales, outputs);
                AddBlock(a1, b1, a, b, s1 + block, sumsFromScales, outputs + PanelRows);
                if (TCount.Value > 2)
                {
                    AddBlock(a2, b2, a, b, s2 + block, sumsFromScales, outputs + (2 * PanelRows));
                }

                if (TCount.Value > 3)
                {
                    AddBlock(a3, b3, a, b, s3 + block, sumsFromScales, outputs + (3 * PanelRows));
                }

                firstBlock += TFormat.BlockBytes;
                secondBlock += TFormat.BlockBytes;
                column += PackedLayout.BlockColumns;
                block++;
            }

            first = firstBlock;
            second = secondBlock;
        }
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
                Prefetch(firstBlock);
                Prefetch(secondBlock);
                for (nint v = 0; v < 4; v++)
                {
                    Vector256.Store(TSums.Prepare(TFormat.Lower(firstBlock, v)), panel + (64 * v));
                    Vector256.Store(TSums.Prepare(TFormat.Lower(secondBlock, v)), panel + (64 * v) + 32);
                    Vector256.Store(TSums.Prepare(TFormat.Upper(firstBlock, v)), panel + (64 * (v + 4)));
                    Vector256.Store(TSums.Prepare(TFormat.Upper(secondBlock, v)), panel + (64 * (v + 4)) + 32);
                }

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

    // The block that will be read so many bytes further on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* block)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        Sse.PrefetchNonTemporal(block + PrefetchBytes);
        Sse.PrefetchNonTemporal(block + PrefetchBytes + 64);
        if (TFormat.BlockBytes > 128)
        {
            Sse.PrefetchNonTemporal(block + PrefetchBytes + 128);
            Sse.PrefetchNonTemporal(block + PrefetchBytes + 192);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FewSums<TCount>(
        byte* block, sbyte* x0, sbyte* x1, sbyte* x2, sbyte* x3, out Vector256<int> total0, out Vector256<int> total1, out Vector256<int> total2, out Vector256<int> total3)
        where TCount : struct, ITokenCount
    {
        TSums a0 = default, a1 = default, a2 = default, a3 = default;
        for (nint v = 0; v < 4; v++)
        {
            Vector256<byte> lower = TSums.Prepare(TFormat.Lower(block, v)), upper = TSums.Prepare(TFormat.Upper(block, v));
            a0 = TSums.Add(TSums.Add(a0, lower, Four(x0 + (4 * v))), upper, Four(x0 + (4 * v) + 16));
            a1 = TSums.Add(TSums.Add(a1, lower, Four(x1 + (4 * v))), upper, Four(x1 + (4 * v) + 16));
            if (TCount.Value > 2)
            {
                a2 = TSums.Add(TSums.Add(a2, lower, Four(x2 + (4 * v))), upper, Four(x2 + (4 * v) + 16));
            }

            if (TCount.Value > 3)
            {
                a3 = TSums.Add(TSums.Add(a3, lower, Four(x3 + (4 * v))), upper, Four(x3 + (4 * v) + 16));
            }
        }

        (total0, total1, total2, total3) = (TSums.Total(a0), TSums.Total(a1), TSums.Total(a2), TSums.Total(a3));
    }

    // output[16] += (sums − bias) · scales, for a block of two groups and one token.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBlock(
        Vector256<int> first, Vector256<int> second, Vector256<float> firstScales, Vector256<float> secondScales, float* scale, nint sumsFromScales, float* output)
    {
        Vector256<int> bias = Vector256.Create(*(int*)(scale + sumsFromScales) * (TFormat.Bias + TSums.Bias));
        Vector256.Store(Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(first - bias), firstScales * *scale, Vector256.Load(output)), output);
        Vector256.Store(Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(second - bias), secondScales * *scale, Vector256.Load(output + 8)), output + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Four(sbyte* x) => Vector256.Create(*(int*)x).AsSByte();

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
