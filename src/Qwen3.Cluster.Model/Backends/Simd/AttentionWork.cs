using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Causal attention over the paged cache. Work for a team: item i is row i / KV heads with key-value head i mod KV heads, and all the query
/// heads that share it. Scores of all positions first, then shares, then outputs: the order is the sequence's own, whatever its pages.
/// </summary>
internal unsafe struct AttentionWork : IParallelWork
{
    private const int Tile = 4;

    public StepBatch Batch;
    public int[] SliceOfRow;
    public SimdActivation Queries;
    public SimdActivation Output;
    public SimdKvCache Cache;
    public int Layer;
    public AlignedBuffer[] Scratch;

    /// <summary>Numbers of scratch that each worker needs for sequences of up to so many positions.</summary>
    public static long ScratchLength(SimdKvCache cache, int positions) => Tile * (cache.Shape.HeadDim + cache.ValueStride + ScoreStride(cache, positions));

    public readonly void Run(int worker, int first, int end)
    {
        int kvHeads = Cache.Shape.KeyValueHeadCount;
        int group = Queries.Columns / Cache.Shape.HeadDim / kvHeads;
        for (int item = first; item < end; item++)
        {
            int row = item / kvHeads;
            int kvHead = item % kvHeads;
            SequenceSlice slice = Batch.Slices[SliceOfRow[row]];
            int positions = slice.FirstPosition + (row - slice.FirstRow) + 1;
            for (int head = 0; head < group; head += Tile)
            {
                Attend(Scratch[worker].Data, row, (kvHead * group) + head, Math.Min(Tile, group - head), kvHead, slice.Pages.Span, positions);
            }
        }
    }

    private static long ScoreStride(SimdKvCache cache, int positions) => (long)positions + cache.KeyStride;

    private readonly void Attend(float* scratch, int row, int firstHead, int heads, int kvHead, ReadOnlySpan<int> pages, int positions)
    {
        nint dim = Cache.Shape.HeadDim;
        nint outputStride = Cache.ValueStride;
        nint scoreStride = (nint)ScoreStride(Cache, positions);
        int pageSize = Cache.Shape.PageSize;
        float* queries = scratch; // [4, D], scaled
        float* outputs = queries + (Tile * dim); // [4, outputStride]
        float* scores = outputs + (Tile * outputStride); // [4, scoreStride]

        // 1. Queries times 1 / √D; heads that the tile lacks repeat the last.
        float scale = 1f / MathF.Sqrt(dim);
        float* source = Queries.Row(row) + (firstHead * dim);
        for (nint i = 0; i < heads * dim; i++)
        {
            queries[i] = source[i] * scale;
        }

        nint h1 = Math.Min(1, heads - 1), h2 = Math.Min(2, heads - 1), h3 = Math.Min(3, heads - 1);

        // 2. Scores, page by page.
        for (int start = 0; start < positions; start += pageSize)
        {
            float* keys = Cache.Keys(Layer, pages[start / pageSize], kvHead);
            AttentionTiles.Score(
                queries,
                queries + (h1 * dim),
                queries + (h2 * dim),
                queries + (h3 * dim),
                dim,
                keys,
                Cache.KeyStride,
                Math.Min(pageSize, positions - start),
                scores + start,
                scores + (h1 * scoreStride) + start,
                scores + (h2 * scoreStride) + start,
                scores + (h3 * scoreStride) + start);
        }

        // 3. Shares, not yet divided by their sum.
        float* sums = stackalloc float[Tile];
        for (int h = 0; h < heads; h++)
        {
            sums[h] = VectorMath.Exponentiate(scores + (h * scoreStride), positions);
        }

        // 4. Values, page by page.
        new Span<float>(outputs, (int)(heads * outputStride)).Clear();
        for (int start = 0; start < positions; start += pageSize)
        {
            float* values = Cache.Values(Layer, pages[start / pageSize], kvHead);
            AttentionTiles.Accumulate(
                scores + start,
                scores + (h1 * scoreStride) + start,
                scores + (h2 * scoreStride) + start,
                scores + (h3 * scoreStride) + start,
                Math.Min(pageSize, positions - start),
                values,
                outputStride,
                outputs,
                outputs + (h1 * outputStride),
                outputs + (h2 * outputStride),
                outputs + (h3 * outputStride));
        }

        // 5. Divided by the sum of the shares.
        float* target = Output.Row(row) + (firstHead * dim);
        for (int h = 0; h < heads; h++)
        {
            for (nint d = 0; d < dim; d++)
            {
                target[(h * dim) + d] = outputs[(h * outputStride) + d] / sums[h];
            }
        }
    }
}
