using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// output [T, N] = (or +=) input [T, K] · weightᵀ for packed weights and quantised rows. Up to four tokens read the weights as they lie; for more,
/// 16 or 32 rows × 512 columns at a time are unpacked into the first-level cache and used for all tokens.
/// </summary>
internal unsafe struct PackedProduct
{
    public PackedWeight Weight;
    public QuantizedRows Input;
    public RowMap InputRows;
    public int TokenCount;
    public float* Output;
    public nint OutputStride;
    public RowMap OutputRows;
    public bool Add;
    public ByteDots Dots;

    /// <summary>For each worker, <see cref="ScratchLength"/> numbers.</summary>
    public AlignedBuffer[] Scratch;

    /// <summary>Tokens that need no scratch.</summary>
    public const int MostFewTokens = 4;

    /// <summary>Numbers of scratch for so many tokens.</summary>
    public static long ScratchLength(int tokens) =>
        MostPanels * (PanelLength + ScaleLength + ((long)(tokens + PackedKernels<Q4Format, PortableSums>.TileTokens) * PanelRows));

    private const int MostPanels = 2;

    private const int PanelRows = PackedKernels<Q4Format, PortableSums>.PanelRows;
    private const int PanelSuperblocks = PackedKernels<Q4Format, PortableSums>.PanelSuperblocks;
    private const int PanelBlocks = PanelSuperblocks * PackedLayout.Blocks;
    private const int PanelLength = PanelBlocks * PackedKernels<Q4Format, PortableSums>.PanelBlockBytes / sizeof(float);
    private const int ScaleLength = PanelBlocks * PanelRows;

    /// <summary>Computes the rows of the weight from <paramref name="first"/>, a multiple of 16, up to <paramref name="end"/>.</summary>
    public readonly void Run(int worker, int first, int end)
    {
        switch (Dots, Weight.IsFourBits)
        {
            case (ByteDots.Avx512, true) when AvxVnni.IsSupported: Run<Q4Format, NibbleSumsVnni, NibbleTile512>(worker, first, end); break;
            case (ByteDots.Avx512, true): Run<Q4Format, NibbleSumsAvx2, NibbleTile512>(worker, first, end); break;
            case (ByteDots.Avx512, false) when AvxVnni.IsSupported: Run<Q8Format, ByteSumsVnni>(worker, first, end); break;
            case (ByteDots.Avx512, false): Run<Q8Format, ByteSumsAvx2>(worker, first, end); break;
            case (ByteDots.AvxVnni, true): Run<Q4Format, NibbleSumsVnni>(worker, first, end); break;
            case (ByteDots.AvxVnni, false): Run<Q8Format, ByteSumsVnni>(worker, first, end); break;
            case (ByteDots.Avx2, true): Run<Q4Format, NibbleSumsAvx2>(worker, first, end); break;
            case (ByteDots.Avx2, false): Run<Q8Format, ByteSumsAvx2>(worker, first, end); break;
            case (_, true): Run<Q4Format, PortableSums>(worker, first, end); break;
            case (_, false): Run<Q8Format, PortableSums>(worker, first, end); break;
        }
    }

    private readonly void Run<TFormat, TSums>(int worker, int first, int end)
        where TFormat : struct, IPackedFormat
        where TSums : struct, IByteSums<TSums> => Run<TFormat, TSums, ByteTile256<TFormat, TSums>>(worker, first, end);

    private readonly void Run<TFormat, TSums, TTile>(int worker, int first, int end)
        where TFormat : struct, IPackedFormat
        where TSums : struct, IByteSums<TSums>
        where TTile : struct, IByteTile
    {
        int firstGroup = first / PackedLayout.GroupRows, endGroup = PackedLayout.GroupCount(end);
        switch (TokenCount)
        {
            case 1: RunOne<TFormat, TSums>(firstGroup, endGroup, end); return;
            case 2: RunFew<TFormat, TSums, ITokenCount.Two>(firstGroup, endGroup, end); return;
            case 3: RunFew<TFormat, TSums, ITokenCount.Three>(firstGroup, endGroup, end); return;
            case 4: RunFew<TFormat, TSums, ITokenCount.Four>(firstGroup, endGroup, end); return;
        }

        for (int group = firstGroup; group < endGroup; group += 2 * TTile.Panels)
        {
            RunMany<TFormat, TSums, TTile>(Scratch[worker].Data, group, endGroup - 1, end);
        }
    }

    // Two streams half of the range apart.
    private readonly void RunOne<TFormat, TSums>(int firstGroup, int endGroup, int end)
        where TFormat : struct, IPackedFormat
        where TSums : struct, IByteSums<TSums>
    {
        float* outputs = stackalloc float[PanelRows];
        sbyte* x = InputOf(0);
        float* scales = (float*)(x + Input.PaddedColumns);
        int* sums = (int*)(scales + (Input.PaddedColumns / PackedLayout.BlockColumns));
        int half = (endGroup - firstGroup + 1) / 2;
        for (int group = firstGroup; group < firstGroup + half; group++)
        {
            int second = Math.Min(group + half, endGroup - 1);
            PackedKernels<TFormat, TSums>.OneToken(Weight.Group(group), Weight.Group(second), Weight.SuperblockCount, x, scales, sums, outputs);
            Store(outputs, 0, group * PackedLayout.GroupRows, PackedLayout.GroupRows, end);
            if (group + half < endGroup)
            {
                Store(outputs + PackedLayout.GroupRows, 0, second * PackedLayout.GroupRows, PackedLayout.GroupRows, end);
            }
        }
    }

    // The same streams.
    private readonly void RunFew<TFormat, TSums, TCount>(int firstGroup, int endGroup, int end)
        where TFormat : struct, IPackedFormat
        where TSums : struct, IByteSums<TSums>
        where TCount : struct, ITokenCount
    {
        float* outputs = stackalloc float[PackedKernels<TFormat, TSums>.TileTokens * PanelRows];
        sbyte* x0 = InputOf(0), x1 = InputOf(1), x2 = InputOf(Math.Min(2, TokenCount - 1)), x3 = InputOf(TokenCount - 1);
        nint sumsFromScales = Input.PaddedColumns / PackedLayout.BlockColumns;
        int half = (endGroup - firstGroup + 1) / 2;
        for (int group = firstGroup; group < firstGroup + half; group++)
        {
            int second = Math.Min(group + half, endGroup - 1);
            new Span<float>(outputs, TokenCount * PanelRows).Clear();
            PackedKernels<TFormat, TSums>.FewTokens<TCount>(
                Weight.Group(group), Weight.Group(second), Weight.SuperblockCount, x0, x1, x2, x3, Input.PaddedColumns, sumsFromScales, outputs);
            for (int token = 0; token < TokenCount; token++)
            {
                float* values = outputs + (token * PanelRows);
                Store(values, token, group * PackedLayout.GroupRows, PackedLayout.GroupRows, end);
                if (group + half < endGroup)
                {
                    Store(values + PackedLayout.GroupRows, token, second * PackedLayout.GroupRows, PackedLayout.GroupRows, end);
                }
            }
        }
    }

    // The rows of a tile; groups beyond the last one are that one again, and what they give lies behind the last row.
    private readonly void RunMany<TFormat, TSums, TTile>(float* scratch, int group, int lastGroup, int end)
        where TFormat : struct, IPackedFormat
        where TSums : struct, IByteSums<TSums>
        where TTile : struct, IByteTile
    {
        const int Tokens = PackedKernels<TFormat, TSums>.TileTokens;
        int rows = TTile.Panels * PanelRows;
        byte* panels = (byte*)scratch;
        float* panelScales = scratch + (MostPanels * PanelLength);
        float* outputs = panelScales + (MostPanels * ScaleLength); // [T rounded up to a tile, rows]
        nint sumsFromScales = Input.PaddedColumns / PackedLayout.BlockColumns;
        new Span<float>(outputs, (TokenCount + Tokens) * rows).Clear();
        for (int superblock = 0; superblock < Weight.SuperblockCount; superblock += PanelSuperblocks)
        {
            int count = Math.Min(PanelSuperblocks, Weight.SuperblockCount - superblock);
            nint offset = (nint)superblock * Weight.SuperblockBytes;
            for (int panel = 0; panel < TTile.Panels; panel++)
            {
                PackedKernels<TFormat, TSums>.Unpack(
                    Weight.Group(Math.Min(group + (2 * panel), lastGroup)) + offset,
                    Weight.Group(Math.Min(group + (2 * panel) + 1, lastGroup)) + offset,
                    count,
                    panels + (panel * PanelLength * sizeof(float)),
                    panelScales + (panel * ScaleLength));
            }

            nint column = (nint)superblock * PackedLayout.SuperblockColumns;
            nint scale = Input.PaddedColumns + (column / PackedLayout.BlockColumns * sizeof(float));
            for (int token = 0; token < TokenCount; token += Tokens)
            {
                // A tile that sticks out at the end repeats the last token; what it gives twice lies behind the last row.
                sbyte* x0 = InputOf(token), x1 = InputOf(Math.Min(token + 1, TokenCount - 1));
                sbyte* x2 = InputOf(Math.Min(token + 2, TokenCount - 1)), x3 = InputOf(Math.Min(token + 3, TokenCount - 1));
                TTile.Add(
                    panels,
                    panelScales,
                    PanelLength * sizeof(float),
                    ScaleLength,
                    count * PackedLayout.Blocks,
                    x0 + column,
                    x1 + column,
                    x2 + column,
                    x3 + column,
                    (float*)(x0 + scale),
                    (float*)(x1 + scale),
                    (float*)(x2 + scale),
                    (float*)(x3 + scale),
                    sumsFromScales,
                    outputs + ((nint)token * rows));
            }
        }

        for (int token = 0; token < TokenCount; token++)
        {
            Store(outputs + ((nint)token * rows), token, group * PackedLayout.GroupRows, rows, end);
        }
    }

    private readonly sbyte* InputOf(int token) => Input.Row(InputRows[token]);

    private readonly void Store(float* values, int token, int row, int rows, int end)
    {
        float* output = Output + (OutputRows[token] * OutputStride) + row;
        int count = Math.Min(rows, end - row), r = 0;
        for (; r + Vector256<float>.Count <= count; r += Vector256<float>.Count)
        {
            Vector256<float> eight = Vector256.Load(values + r);
            Vector256.Store(Add ? Vector256.Load(output + r) + eight : eight, output + r);
        }

        for (; r < count; r++)
        {
            output[r] = Add ? output[r] + values[r] : values[r];
        }
    }
}
