using System.Runtime.CompilerServices;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Attention of up to four query heads to some positions of the key-value head that they share. Every lane is a result of its own:
/// scores add up over the elements of the head, outputs over the positions, both in ascending order and rounded once a step.
/// </summary>
/// <remarks>
/// Leaf methods, see <see cref="DotTiles{TLanes, TWeight}"/>. Eight accumulators of 512 bits, or of twice 256: the wide ones are for lanes of one register.
/// </remarks>
/// <typeparam name="TLanes">The width.</typeparam>
/// <typeparam name="TNumber">float, ushort for bfloat16, or sbyte, whose scales are the caller's.</typeparam>
internal static unsafe class AttentionTiles<TLanes, TNumber>
    where TLanes : struct, ILanes<TLanes>
    where TNumber : unmanaged
{
    /// <summary>scores[h, s] = query[h] · key[s] of sixteen positions.</summary>
    /// <param name="queries">Queries [D] of four heads.</param>
    /// <param name="dim">D.</param>
    /// <param name="keys">The first element of the first position.</param>
    /// <param name="keyStride">From one element to the next.</param>
    /// <param name="scores">Where each head's scores go.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score(in FourRows queries, nint dim, TNumber* keys, nint keyStride, in FourRows scores)
    {
        float* q0 = queries.Row0, q1 = queries.Row1, q2 = queries.Row2, q3 = queries.Row3;
        TLanes a0 = default, a1 = default, a2 = default, a3 = default;
        for (nint d = 0; d < dim; d++, keys += keyStride)
        {
            TLanes k = Load(keys);
            a0 = TLanes.MultiplyAdd(TLanes.Broadcast(q0[d]), k, a0);
            a1 = TLanes.MultiplyAdd(TLanes.Broadcast(q1[d]), k, a1);
            a2 = TLanes.MultiplyAdd(TLanes.Broadcast(q2[d]), k, a2);
            a3 = TLanes.MultiplyAdd(TLanes.Broadcast(q3[d]), k, a3);
        }

        TLanes.Store(a0, scores.Row0);
        TLanes.Store(a1, scores.Row1);
        TLanes.Store(a2, scores.Row2);
        TLanes.Store(a3, scores.Row3);
    }

    /// <summary>The same of sixteen positions here and sixteen there, whose scores begin <paramref name="distance"/> later; they are stored last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScoreWide(in FourRows queries, nint dim, TNumber* keys, TNumber* otherKeys, nint keyStride, in FourRows scores, nint distance)
    {
        float* q0 = queries.Row0, q1 = queries.Row1, q2 = queries.Row2, q3 = queries.Row3;
        TLanes a0 = default, a1 = default, a2 = default, a3 = default;
        TLanes b0 = default, b1 = default, b2 = default, b3 = default;
        for (nint d = 0; d < dim; d++, keys += keyStride, otherKeys += keyStride)
        {
            TLanes k = Load(keys), l = Load(otherKeys);
            TLanes q = TLanes.Broadcast(q0[d]);
            a0 = TLanes.MultiplyAdd(q, k, a0);
            b0 = TLanes.MultiplyAdd(q, l, b0);
            q = TLanes.Broadcast(q1[d]);
            a1 = TLanes.MultiplyAdd(q, k, a1);
            b1 = TLanes.MultiplyAdd(q, l, b1);
            q = TLanes.Broadcast(q2[d]);
            a2 = TLanes.MultiplyAdd(q, k, a2);
            b2 = TLanes.MultiplyAdd(q, l, b2);
            q = TLanes.Broadcast(q3[d]);
            a3 = TLanes.MultiplyAdd(q, k, a3);
            b3 = TLanes.MultiplyAdd(q, l, b3);
        }

        TLanes.Store(a0, scores.Row0);
        TLanes.Store(b0, scores.Row0 + distance);
        TLanes.Store(a1, scores.Row1);
        TLanes.Store(b1, scores.Row1 + distance);
        TLanes.Store(a2, scores.Row2);
        TLanes.Store(b2, scores.Row2 + distance);
        TLanes.Store(a3, scores.Row3);
        TLanes.Store(b3, scores.Row3 + distance);
    }

    /// <summary>output[h, d] = Σ share[h, s] · value[s, d] of sixteen elements.</summary>
    /// <param name="shares">Shares of four heads, of all positions in one row.</param>
    /// <param name="runs">Positions that lie together, [D] each; their first elements.</param>
    /// <param name="first">The element to begin with.</param>
    /// <param name="stride">From one position to the next.</param>
    /// <param name="outputs">Outputs [D] of the heads.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mix(in FourRows shares, ReadOnlySpan<PositionRun> runs, nint first, nint stride, in FourRows outputs)
    {
        float* p0 = shares.Row0, p1 = shares.Row1, p2 = shares.Row2, p3 = shares.Row3;
        TLanes a0 = default, a1 = default, a2 = default, a3 = default;
        foreach (ref readonly PositionRun run in runs)
        {
            TNumber* value = (TNumber*)run.Values + first;
            nint count = run.Count;
            for (nint s = 0; s < count; s++, value += stride)
            {
                TLanes v = Load(value);
                a0 = TLanes.MultiplyAdd(TLanes.Broadcast(p0[s]), v, a0);
                a1 = TLanes.MultiplyAdd(TLanes.Broadcast(p1[s]), v, a1);
                a2 = TLanes.MultiplyAdd(TLanes.Broadcast(p2[s]), v, a2);
                a3 = TLanes.MultiplyAdd(TLanes.Broadcast(p3[s]), v, a3);
            }

            p0 += count;
            p1 += count;
            p2 += count;
            p3 += count;
        }

        TLanes.Store(a0, outputs.Row0 + first);
        TLanes.Store(a1, outputs.Row1 + first);
        TLanes.Store(a2, outputs.Row2 + first);
        TLanes.Store(a3, outputs.Row3 + first);
    }

    /// <summary>The same of thirty-two elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MixWide(in FourRows shares, ReadOnlySpan<PositionRun> runs, nint first, nint stride, in FourRows outputs)
    {
        float* p0 = shares.Row0, p1 = shares.Row1, p2 = shares.Row2, p3 = shares.Row3;
        TLanes a0 = default, a1 = default, a2 = default, a3 = default;
        TLanes b0 = default, b1 = default, b2 = default, b3 = default;
        foreach (ref readonly PositionRun run in runs)
        {
            TNumber* value = (TNumber*)run.Values + first;
            nint count = run.Count;
            for (nint s = 0; s < count; s++, value += stride)
            {
                TLanes v = Load(value), w = Load(value + ILanes<TLanes>.Count);
                TLanes p = TLanes.Broadcast(p0[s]);
                a0 = TLanes.MultiplyAdd(p, v, a0);
                b0 = TLanes.MultiplyAdd(p, w, b0);
                p = TLanes.Broadcast(p1[s]);
                a1 = TLanes.MultiplyAdd(p, v, a1);
                b1 = TLanes.MultiplyAdd(p, w, b1);
                p = TLanes.Broadcast(p2[s]);
                a2 = TLanes.MultiplyAdd(p, v, a2);
                b2 = TLanes.MultiplyAdd(p, w, b2);
                p = TLanes.Broadcast(p3[s]);
                a3 = TLanes.MultiplyAdd(p, v, a3);
                b3 = TLanes.MultiplyAdd(p, w, b3);
            }

            p0 += count;
            p1 += count;
            p2 += count;
            p3 += count;
        }

        TLanes.Store(a0, outputs.Row0 + first);
        TLanes.Store(b0, outputs.Row0 + first + ILanes<TLanes>.Count);
        TLanes.Store(a1, outputs.Row1 + first);
        TLanes.Store(b1, outputs.Row1 + first + ILanes<TLanes>.Count);
        TLanes.Store(a2, outputs.Row2 + first);
        TLanes.Store(b2, outputs.Row2 + first + ILanes<TLanes>.Count);
        TLanes.Store(a3, outputs.Row3 + first);
        TLanes.Store(b3, outputs.Row3 + first + ILanes<TLanes>.Count);
    }

    // The type is known to the compiler: one of the three is all that is left.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Load(TNumber* source) =>
        typeof(TNumber) == typeof(float) ? TLanes.Load((float*)source)
        : typeof(TNumber) == typeof(ushort) ? TLanes.LoadBFloat16((ushort*)source)
        : TLanes.LoadBytes((sbyte*)source);
}
