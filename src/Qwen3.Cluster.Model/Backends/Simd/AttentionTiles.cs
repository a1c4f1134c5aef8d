using System.Numerics;
using System.Runtime.CompilerServices;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Attention of up to four query heads over one page of the key-value head that they share. Every lane is a result of its own:
/// scores add up over the elements of the head, outputs over the positions, both in ascending order and rounded once a step.
/// </summary>
/// <remarks>Leaf methods, see <see cref="DotTiles{TLanes, TWeight}"/>.</remarks>
internal static unsafe class AttentionTiles
{
    /// <summary>scores[h, s] = query[h] · key[s] for the positions of a page; up to 2 registers − 1 more are written.</summary>
    /// <param name="q0">The queries [D] of four heads; fewer heads repeat one, with the scores of that one.</param>
    /// <param name="q1">The second.</param>
    /// <param name="q2">The third.</param>
    /// <param name="q3">The fourth.</param>
    /// <param name="dim">D.</param>
    /// <param name="keys">[D, page size].</param>
    /// <param name="keyStride">From one element to the next.</param>
    /// <param name="positions">Positions of the page that count.</param>
    /// <param name="s0">Scores of the first head at the page's first position.</param>
    /// <param name="s1">Of the second.</param>
    /// <param name="s2">Of the third.</param>
    /// <param name="s3">Of the fourth.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score(
        float* q0, float* q1, float* q2, float* q3, nint dim, float* keys, nint keyStride, nint positions, float* s0, float* s1, float* s2, float* s3)
    {
        nint width = Vector<float>.Count;
        for (nint s = 0; s < positions; s += 2 * width)
        {
            Vector<float> a0 = default, a1 = default, b0 = default, b1 = default;
            Vector<float> c0 = default, c1 = default, d0 = default, d1 = default;
            float* key = keys + s;
            for (nint d = 0; d < dim; d++, key += keyStride)
            {
                Vector<float> k0 = Vector.Load(key), k1 = Vector.Load(key + width);
                Vector<float> q = new(q0[d]);
                a0 = Vector.FusedMultiplyAdd(q, k0, a0);
                a1 = Vector.FusedMultiplyAdd(q, k1, a1);
                q = new(q1[d]);
                b0 = Vector.FusedMultiplyAdd(q, k0, b0);
                b1 = Vector.FusedMultiplyAdd(q, k1, b1);
                q = new(q2[d]);
                c0 = Vector.FusedMultiplyAdd(q, k0, c0);
                c1 = Vector.FusedMultiplyAdd(q, k1, c1);
                q = new(q3[d]);
                d0 = Vector.FusedMultiplyAdd(q, k0, d0);
                d1 = Vector.FusedMultiplyAdd(q, k1, d1);
            }

            Vector.Store(a0, s0 + s);
            Vector.Store(a1, s0 + s + width);
            Vector.Store(b0, s1 + s);
            Vector.Store(b1, s1 + s + width);
            Vector.Store(c0, s2 + s);
            Vector.Store(c1, s2 + s + width);
            Vector.Store(d0, s3 + s);
            Vector.Store(d1, s3 + s + width);
        }
    }

    /// <summary>output[h] += Σ share[h, s] · value[s] over the positions of a page.</summary>
    /// <param name="p0">The shares of four heads; fewer heads repeat one, with the output of that one.</param>
    /// <param name="p1">The second.</param>
    /// <param name="p2">The third.</param>
    /// <param name="p3">The fourth.</param>
    /// <param name="positions">Positions of the page that count.</param>
    /// <param name="values">[page size, D].</param>
    /// <param name="stride">From one position to the next; a multiple of two registers. All of it is computed.</param>
    /// <param name="o0">The first head's output [stride].</param>
    /// <param name="o1">The second's.</param>
    /// <param name="o2">The third's.</param>
    /// <param name="o3">The fourth's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate(
        float* p0, float* p1, float* p2, float* p3, nint positions, float* values, nint stride, float* o0, float* o1, float* o2, float* o3)
    {
        nint width = Vector<float>.Count;
        for (nint i = 0; i < stride; i += 2 * width)
        {
            Vector<float> a0 = Vector.Load(o0 + i), a1 = Vector.Load(o0 + i + width);
            Vector<float> b0 = Vector.Load(o1 + i), b1 = Vector.Load(o1 + i + width);
            Vector<float> c0 = Vector.Load(o2 + i), c1 = Vector.Load(o2 + i + width);
            Vector<float> d0 = Vector.Load(o3 + i), d1 = Vector.Load(o3 + i + width);
            float* value = values + i;
            for (nint s = 0; s < positions; s++, value += stride)
            {
                Vector<float> v0 = Vector.Load(value), v1 = Vector.Load(value + width);
                Vector<float> p = new(p0[s]);
                a0 = Vector.FusedMultiplyAdd(p, v0, a0);
                a1 = Vector.FusedMultiplyAdd(p, v1, a1);
                p = new(p1[s]);
                b0 = Vector.FusedMultiplyAdd(p, v0, b0);
                b1 = Vector.FusedMultiplyAdd(p, v1, b1);
                p = new(p2[s]);
                c0 = Vector.FusedMultiplyAdd(p, v0, c0);
                c1 = Vector.FusedMultiplyAdd(p, v1, c1);
                p = new(p3[s]);
                d0 = Vector.FusedMultiplyAdd(p, v0, d0);
                d1 = Vector.FusedMultiplyAdd(p, v1, d1);
            }

            Vector.Store(a0, o0 + i);
            Vector.Store(a1, o0 + i + width);
            Vector.Store(b0, o1 + i);
            Vector.Store(b1, o1 + i + width);
            Vector.Store(c0, o2 + i);
            Vector.Store(c1, o2 + i + width);
            Vector.Store(d0, o3 + i);
            Vector.Store(d1, o3 + i + width);
        }
    }
}
