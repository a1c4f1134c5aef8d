using Qwen3.Cluster.Model.Layers;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Norms and rotary embedding of the heads of queries and keys; the cache gets keys and values. Items are rows of the batch.</summary>
internal unsafe struct RotateWork : IParallelWork
{
    public StepBatch Batch;
    public RotaryTable Rotary;
    public SimdActivation Queries;
    public SimdActivation Keys;
    public SimdActivation Values;
    public SimdWeight QueryNorm;
    public SimdWeight KeyNorm;
    public float Epsilon;
    public SimdKvCache Cache;
    public int Layer;
    public AlignedBuffer[] Scratch;

    /// <summary>Numbers of scratch that each worker needs.</summary>
    public static int ScratchLength(SimdKvCache cache) => SimdWeight.RoundUp(cache.Shape.HeadDim);

    public readonly void Run(int worker, int first, int end)
    {
        int dim = Cache.Shape.HeadDim;
        int half = dim / 2;
        float* scratch = Scratch[worker].Data;
        for (int row = first; row < end; row++)
        {
            ReadOnlySpan<float> cosines = Rotary.Cosines.Slice(row * half, half);
            ReadOnlySpan<float> sines = Rotary.Sines.Slice(row * half, half);
            float* query = Queries.Row(row);
            for (int head = 0; head < Queries.Columns / dim; head++, query += dim)
            {
                NormalizeHead(query, QueryNorm, scratch);
                VectorMath.Rotate(query, cosines, sines);
            }

            SequenceSlice slice = Batch.Slices[Batch.SliceOfRow[row]];
            int position = slice.FirstPosition + (row - slice.FirstRow);
            int page = slice.Pages.Span[position / Cache.Shape.PageSize];
            int offset = position % Cache.Shape.PageSize;
            float* key = Keys.Row(row);
            float* value = Values.Row(row);
            for (int head = 0; head < Keys.Columns / dim; head++, key += dim, value += dim)
            {
                NormalizeHead(key, KeyNorm, scratch);
                VectorMath.Rotate(key, cosines, sines);
                Cache.Store(Layer, page, head, offset, new ReadOnlySpan<float>(key, dim), new ReadOnlySpan<float>(value, dim));
            }
        }
    }

    // The head may begin anywhere in a row: it is normalised in a padded copy.
    private readonly void NormalizeHead(float* head, SimdWeight norm, float* scratch)
    {
        Span<float> values = new(head, norm.Columns);
        Span<float> padded = new(scratch, norm.PaddedColumns);
        values.CopyTo(padded);
        padded[norm.Columns..].Clear();
        VectorMath.Normalize(scratch, norm.Row<float>(0), norm.Columns, Epsilon, scratch);
        padded[..norm.Columns].CopyTo(values);
    }
}
