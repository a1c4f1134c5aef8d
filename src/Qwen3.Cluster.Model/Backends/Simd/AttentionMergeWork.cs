using System.Runtime.InteropServices;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Puts together the blocks of the heads that several threads computed, each in its order.</summary>
internal unsafe struct AttentionMergeWork : IParallelWork
{
    public List<AttentionMerge> Merges;
    public SimdActivation Output;
    public SimdKvCache Cache;
    public AlignedBuffer[] Scratch;
    public float* Parts;

    public readonly void Run(int worker, int first, int end)
    {
        int dim = Cache.Shape.HeadDim;
        int partLength = AttentionPart.LengthFor(Cache.ValueStride);
        AttentionPart sum = new(Scratch[worker].Data);
        foreach (ref readonly AttentionMerge merge in CollectionsMarshal.AsSpan(Merges)[first..end])
        {
            sum.Clear();
            for (int block = 0; block < merge.BlockCount; block++)
            {
                sum.Add(new AttentionPart(Parts + ((long)(merge.FirstPart + block) * partLength)), Cache.ValueStride);
            }

            sum.WriteTo(new Span<float>(Output.Row(merge.Row) + ((nint)merge.Head * dim), dim));
        }
    }
}
