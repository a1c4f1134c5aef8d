using System.Numerics;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// What a head has of some blocks of positions: the largest score, the sum of e^(score − largest), and the values mixed by those shares. Blocks are put
/// together in their order (the running softmax of Milakov and Gimelshein, arXiv 1805.02867), so that it does not matter who computed them.
/// </summary>
internal readonly unsafe struct AttentionPart
{
    // The largest score and the sum stand before the mixed values, which begin at a cache line.
    private const int HeaderLength = 16;

    private readonly float* _data;

    public AttentionPart(float* data) => _data = data;

    /// <summary>Values mixed by their shares, not yet divided by the sum; [D], padded.</summary>
    public float* Mixed => _data + HeaderLength;

    public ref float Largest => ref _data[0];

    public ref float Sum => ref _data[1];

    /// <summary>Numbers that one takes.</summary>
    public static int LengthFor(int stride) => HeaderLength + SimdWeight.RoundUp(stride);

    /// <summary>Holds no block yet.</summary>
    public void Clear() => (Largest, Sum) = (float.NegativeInfinity, 0f);

    /// <summary>Takes the next block in.</summary>
    /// <param name="block">Its largest score, sum and mixed values.</param>
    /// <param name="length">Numbers of the mixed values, a multiple of 16.</param>
    public void Add(AttentionPart block, int length)
    {
        if (float.IsNegativeInfinity(Largest))
        {
            (Largest, Sum) = (block.Largest, block.Sum);
            new ReadOnlySpan<float>(block.Mixed, length).CopyTo(new Span<float>(Mixed, length));
            return;
        }

        float largest = MathF.Max(Largest, block.Largest);
        Vector<float> ours = VectorMath.Exp(new Vector<float>(Largest - largest)), theirs = VectorMath.Exp(new Vector<float>(block.Largest - largest));
        (Largest, Sum) = (largest, (Sum * ours[0]) + (block.Sum * theirs[0]));
        for (int i = 0; i < length; i += Vector<float>.Count)
        {
            Vector<float> mixed = Vector.Load(Mixed + i) * ours;
            Vector.Store(Vector.FusedMultiplyAdd(Vector.Load(block.Mixed + i), theirs, mixed), Mixed + i);
        }
    }

    /// <summary>Writes what all blocks came to: the mixed values over the sum.</summary>
    public void WriteTo(Span<float> output)
    {
        for (int d = 0; d < output.Length; d++)
        {
            output[d] = Mixed[d] / Sum;
        }
    }
}
