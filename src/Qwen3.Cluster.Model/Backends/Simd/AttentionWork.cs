using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Causal attention over the paged cache, the items of an <see cref="AttentionPlan"/>. A row goes over its positions in blocks, always cut at the
/// same places: scores, shares, mixed values, added to those of the blocks before. So its bits depend on its own sequence alone.
/// </summary>
internal unsafe struct AttentionWork : IParallelWork
{
    private const int Tile = AttentionBlock.MostHeads;

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
            + (Tile * AttentionBlock.ScoreStride);
    }

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
        float* scores = blocks + (Tile * partLength); // [4, AttentionBlock.ScoreStride]

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
        Span<PositionRun> runs = stackalloc PositionRun[AttentionBlock.Size];
        for (int block = item.FirstBlock; block < item.EndBlock; block++)
        {
            int start = block * AttentionBlock.Size;
            int positionOfFirst = slice.FirstPosition + (item.FirstRow - slice.FirstRow);
            int end = Math.Min(start + AttentionBlock.Size, positionOfFirst + item.RowCount);
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
                    AttentionBlock<TLanes, TNumber>.Compute(Cache, q, heads, runs[..runCount], positions, isFirst, scores, blocks, partLength);
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
            int length = Math.Min(Math.Min(AttentionBlock.Lanes, pageSize - offset), end - position);
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
}
