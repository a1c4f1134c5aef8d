using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Causal attention over the paged cache, the items of an <see cref="AttentionPlan"/>. A row goes over its positions in blocks, always cut at the
/// same places: scores, shares, mixed values, added to those of the blocks before. So its bits depend on its own sequence alone.
/// </summary>
internal unsafe struct AttentionWork : IParallelWork
{
    /// <summary>Positions of a block: its keys and values stay in the second-level cache for all rows of an item.</summary>
    public const int BlockSize = 256;

    private const int Tile = 4;
    private const int Lanes = 16;
    private const int LineBytes = 64;

    public StepBatch Batch;
    public List<AttentionItem> Items;
    public SimdActivation Queries;
    public SimdActivation Output;
    public SimdKvCache Cache;
    public int Layer;
    public LaneWidth Width;
    public AlignedBuffer[] Scratch;
    public float* Parts;

    /// <summary>Numbers of scratch that each worker needs.</summary>
    public static long ScratchLength(SimdKvCache cache, int group, int mostRows)
    {
        long heads = (long)mostRows * group;
        return (heads * SimdWeight.RoundUp(cache.Shape.HeadDim)) // queries
            + ((heads + Tile) * AttentionPart.LengthFor(cache.ValueStride)) // outputs, and a block's
            + (Tile * ScoreStride);
    }

    // Sixteen scores are written at once, from any position on.
    private const int ScoreStride = BlockSize + (2 * Lanes);

    public readonly void Run(int worker, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            ref readonly AttentionItem item = ref CollectionsMarshal.AsSpan(Items)[i];
            float* scratch = Scratch[worker].Data;
            switch (Width, Cache.Shape.Format)
            {
                case (LaneWidth.Bits512, CacheFormat.F32): Attend<Lanes512, float>(item, scratch); break;
                case (LaneWidth.Bits512, CacheFormat.BF16): Attend<Lanes512, ushort>(item, scratch); break;
                case (LaneWidth.Bits512, _): Attend<Lanes512, sbyte>(item, scratch); break;
                case (LaneWidth.Bits256, CacheFormat.F32): Attend<Lanes256, float>(item, scratch); break;
                case (LaneWidth.Bits256, CacheFormat.BF16): Attend<Lanes256, ushort>(item, scratch); break;
                case (LaneWidth.Bits256, _): Attend<Lanes256, sbyte>(item, scratch); break;
                case (_, CacheFormat.F32): Attend<Lanes128, float>(item, scratch); break;
                case (_, CacheFormat.BF16): Attend<Lanes128, ushort>(item, scratch); break;
                default: Attend<Lanes128, sbyte>(item, scratch); break;
            }
        }
    }

    private readonly void Attend<TLanes, TNumber>(in AttentionItem item, float* scratch)
        where TLanes : struct, ILanes<TLanes>
        where TNumber : unmanaged
    {
        int dim = Cache.Shape.HeadDim;
        int group = Queries.Columns / dim / Cache.Shape.KeyValueHeadCount;
        int queryStride = SimdWeight.RoundUp(dim);
        int partLength = AttentionPart.LengthFor(Cache.ValueStride);
        SequenceSlice slice = Batch.Slices[item.Slice];
        float* queries = scratch; // [rows · group, D]
        float* sums = queries + (item.RowCount * group * queryStride); // [rows · group], parts
        float* blocks = sums + (item.RowCount * group * partLength); // [4], parts
        float* scores = blocks + (Tile * partLength); // [4, ScoreStride]

        // 1. Queries times 1 / √D; no sums yet.
        float scale = 1f / MathF.Sqrt(dim);
        for (int r = 0; r < item.RowCount; r++)
        {
            float* source = Queries.Row(item.FirstRow + r) + ((nint)item.KeyValueHead * group * dim);
            for (int h = 0; h < group; h++)
            {
                int index = (r * group) + h;
                VectorMath.Scale(source + (h * dim), scale, queries + (index * queryStride), dim);
                new AttentionPart(sums + (index * partLength)).Clear();
            }
        }

        // 2. Block by block, for all rows that it is the past of.
        Span<PositionRun> runs = stackalloc PositionRun[BlockSize];
        for (int block = item.FirstBlock; block < item.EndBlock; block++)
        {
            int start = block * BlockSize;
            int positionOfFirst = slice.FirstPosition + (item.FirstRow - slice.FirstRow);
            int end = Math.Min(start + BlockSize, positionOfFirst + item.RowCount);
            int runCount = FindRuns<TNumber>(slice.Pages.Span, item.KeyValueHead, start, end, runs);
            bool isFirst = true;
            for (int r = 0; r < item.RowCount; r++)
            {
                int positions = Math.Min(end, positionOfFirst + r + 1) - start;
                if (positions <= 0)
                {
                    continue;
                }

                for (int head = 0; head < group; head += Tile)
                {
                    int heads = Math.Min(Tile, group - head);
                    FourRows q = new(queries + (((r * group) + head) * queryStride), queryStride, heads);
                    Compute<TLanes, TNumber>(q, heads, runs[..runCount], positions, isFirst, scores, blocks, partLength);
                    isFirst = false;
                    for (int h = 0; h < heads; h++)
                    {
                        AttentionPart part = new(blocks + (h * partLength));
                        if (item.FirstPart < 0)
                        {
                            new AttentionPart(sums + (((r * group) + head + h) * partLength)).Add(part, Cache.ValueStride);
                        }
                        else
                        {
                            int blocksOfHead = AttentionPlan.BlocksOf(positionOfFirst + 1);
                            new ReadOnlySpan<float>(blocks + (h * partLength), partLength).CopyTo(
                                new Span<float>(Parts + ((long)(item.FirstPart + ((head + h) * blocksOfHead) + block) * partLength), partLength));
                        }
                    }
                }
            }
        }

        // 3. What was shared out is put together later.
        for (int index = 0; item.FirstPart < 0 && index < item.RowCount * group; index++)
        {
            float* target = Output.Row(item.FirstRow + (index / group)) + ((((nint)item.KeyValueHead * group) + (index % group)) * dim);
            new AttentionPart(sums + (index * partLength)).WriteTo(new Span<float>(target, dim));
        }
    }

    // At most sixteen positions each, the lanes of a register.
    private readonly int FindRuns<TNumber>(ReadOnlySpan<int> pages, int head, int start, int end, Span<PositionRun> runs)
        where TNumber : unmanaged
    {
        int pageSize = Cache.Shape.PageSize;
        int count = 0;
        for (int position = start; position < end;)
        {
            int page = pages[position / pageSize], offset = position % pageSize;
            int length = Math.Min(Math.Min(Lanes, pageSize - offset), end - position);
            runs[count++] = new PositionRun(
                (nint)((TNumber*)Cache.Keys(Layer, page, head) + offset),
                (nint)((TNumber*)Cache.Values(Layer, page, head) + ((nint)offset * Cache.ValueStride)),
                (nint)(Cache.KeyScales(Layer, page, head) + offset),
                (nint)(Cache.ValueScales(Layer, page, head) + offset),
                length);
            position += length;
        }

        return count;
    }

    // Up to four heads of one row over one block, of which so many positions count.
    private readonly void Compute<TLanes, TNumber>(
        in FourRows queries, int heads, Span<PositionRun> runs, int positions, bool isFirst, float* scores, float* parts, int partLength)
        where TLanes : struct, ILanes<TLanes>
        where TNumber : unmanaged
    {
        nint dim = Cache.Shape.HeadDim, keyStride = Cache.KeyStride, valueStride = Cache.ValueStride;
        FourRows rows = new(scores, ScoreStride, heads);

        // 1. The runs that count, the last of them perhaps not whole. Lanes beyond are overwritten by the next, or by the softmax.
        int used = 0;
        for (int left = positions; left > 0; used++)
        {
            left -= runs[used].Count;
        }

        // 2. Scores. What the first row of an item reads comes from memory: the values meanwhile, and the keys after next.
        int start = 0;
        for (int i = 0; i < used; i++)
        {
            PositionRun run = runs[i];
            if (isFirst)
            {
                Prefetch(run.Values, run.Count * valueStride * sizeof(TNumber));
                Prefetch(runs[Math.Min(i + 2, used - 1)].Keys, dim * keyStride * sizeof(TNumber));
            }

            if (typeof(TLanes) == typeof(Lanes512) && i + 1 < used)
            {
                PositionRun next = runs[++i];
                if (isFirst)
                {
                    Prefetch(next.Values, next.Count * valueStride * sizeof(TNumber));
                    Prefetch(runs[Math.Min(i + 2, used - 1)].Keys, dim * keyStride * sizeof(TNumber));
                }

                AttentionTiles<TLanes, TNumber>.ScoreWide(
                    queries, dim, (TNumber*)run.Keys, (TNumber*)next.Keys, keyStride, rows.From(start), run.Count);
                ScaleLanes<TLanes, TNumber>(rows.From(start), heads, run);
                ScaleLanes<TLanes, TNumber>(rows.From(start + run.Count), heads, next);
                start += run.Count + next.Count;
            }
            else
            {
                AttentionTiles<TLanes, TNumber>.Score(queries, dim, (TNumber*)run.Keys, keyStride, rows.From(start));
                ScaleLanes<TLanes, TNumber>(rows.From(start), heads, run);
                start += run.Count;
            }
        }

        // 3. Shares, not yet divided by their sum; then times the values' scales.
        FourRows mixed = new(new AttentionPart(parts).Mixed, partLength, heads);
        for (int h = 0; h < heads; h++)
        {
            AttentionPart part = new(parts + (h * partLength));
            part.Sum = VectorMath.Exponentiate(scores + (h * ScoreStride), positions, out part.Largest);
        }

        // 4. Values.
        PositionRun last = runs[used - 1];
        runs[used - 1] = last with { Count = last.Count - (start - positions) };
        if (typeof(TNumber) == typeof(sbyte))
        {
            ScaleShares(rows, heads, runs[..used]);
        }

        nint d = 0;
        for (; typeof(TLanes) == typeof(Lanes512) && d + (2 * Lanes) <= valueStride; d += 2 * Lanes)
        {
            AttentionTiles<TLanes, TNumber>.MixWide(rows, runs[..used], d, valueStride, mixed);
        }

        for (; d < valueStride; d += Lanes)
        {
            AttentionTiles<TLanes, TNumber>.Mix(rows, runs[..used], d, valueStride, mixed);
        }

        runs[used - 1] = last;
    }

    private static void ScaleLanes<TLanes, TNumber>(in FourRows scores, int heads, PositionRun run)
        where TLanes : struct, ILanes<TLanes>
        where TNumber : unmanaged
    {
        if (typeof(TNumber) == typeof(sbyte))
        {
            float* scales = (float*)run.KeyScales;
            for (int h = 0; h < heads; h++)
            {
                float* row = scores.Row0 + ((nint)h * ScoreStride);
                if (run.Count == Lanes)
                {
                    TLanes.Store(TLanes.Multiply(TLanes.Load(row), TLanes.Load(scales)), row);
                }

                // Lanes beyond a shorter run may be the next one's already.
                for (int s = 0; s < run.Count && run.Count < Lanes; s++)
                {
                    row[s] *= scales[s];
                }
            }
        }
    }

    private static void ScaleShares(in FourRows shares, int heads, ReadOnlySpan<PositionRun> runs)
    {
        for (int h = 0; h < heads; h++)
        {
            float* row = shares.Row0 + ((nint)h * ScoreStride);
            foreach (ref readonly PositionRun run in runs)
            {
                float* scales = (float*)run.ValueScales;
                for (int s = 0; s < run.Count; s++)
                {
                    row[s] *= scales[s];
                }

                row += run.Count;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(nint address, nint bytes)
    {
        if (Sse.IsSupported)
        {
            for (nint at = 0; at < bytes; at += LineBytes)
            {
                Sse.Prefetch1((void*)(address + at));
            }
        }
    }
}
