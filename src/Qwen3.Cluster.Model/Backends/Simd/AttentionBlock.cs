using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>The measures of a block of attention.</summary>
internal static class AttentionBlock
{
    /// <summary>Positions of a block: its keys and values stay in the second-level cache for all rows of an item.</summary>
    public const int Size = 256;

    /// <summary>Heads that are computed together.</summary>
    public const int MostHeads = 4;

    /// <summary>Positions of a run at most: those that a register's lanes hold.</summary>
    public const int Lanes = 16;

    /// <summary>Numbers from one head's scores to the next. Sixteen are written at once, from any position on.</summary>
    public const int ScoreStride = Size + (2 * Lanes);

    /// <summary>Bytes of a cache line.</summary>
    public const int LineBytes = 64;
}

/// <summary>Up to four heads of one row over one block of positions: scores, shares, mixed values.</summary>
/// <typeparam name="TLanes">The width.</typeparam>
/// <typeparam name="TNumber">float, ushort for bfloat16, or sbyte with scales.</typeparam>
internal static unsafe class AttentionBlock<TLanes, TNumber>
    where TLanes : struct, ILanes<TLanes>
    where TNumber : unmanaged
{
    /// <summary>What each head has of the block, into its part.</summary>
    /// <param name="cache">Holds the keys and values.</param>
    /// <param name="queries">The row's queries [D] of the heads, scaled.</param>
    /// <param name="heads">1 to 4.</param>
    /// <param name="runs">The block's positions.</param>
    /// <param name="positions">How many of them the row sees; 1 or more.</param>
    /// <param name="isFirst">Nobody has read the block just before.</param>
    /// <param name="scores">Scratch [4, <see cref="AttentionBlock.ScoreStride"/>].</param>
    /// <param name="parts">What each head has of the block, an <see cref="AttentionPart"/>.</param>
    /// <param name="partLength">Numbers from one to the next.</param>
    public static void Compute(
        SimdKvCache cache, in FourRows queries, int heads, Span<PositionRun> runs, int positions, bool isFirst, float* scores, float* parts, int partLength)
    {
        nint dim = cache.Shape.HeadDim, keyStride = cache.KeyStride, valueStride = cache.ValueStride;
        FourRows rows = new(scores, AttentionBlock.ScoreStride, heads);

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
                ScaleLanes(rows.From(start), heads, run);
                ScaleLanes(rows.From(start + run.Count), heads, next);
                start += run.Count + next.Count;
            }
            else
            {
                AttentionTiles<TLanes, TNumber>.Score(queries, dim, (TNumber*)run.Keys, keyStride, rows.From(start));
                ScaleLanes(rows.From(start), heads, run);
                start += run.Count;
            }
        }

        // 3. Shares, not yet divided by their sum.
        FourRows mixed = new(new AttentionPart(parts).Mixed, partLength, heads);
        for (int h = 0; h < heads; h++)
        {
            AttentionPart part = new(parts + (h * partLength));
            part.Sum = VectorMath.Exponentiate(scores + (h * AttentionBlock.ScoreStride), positions, out part.Largest);
        }

        // 4. Values, whose scales go to the shares.
        PositionRun last = runs[used - 1];
        runs[used - 1] = last with { Count = last.Count - (start - positions) };
        if (typeof(TNumber) == typeof(sbyte))
        {
            ScaleShares(rows, heads, runs[..used]);
        }

        nint d = 0;
        for (; typeof(TLanes) == typeof(Lanes512) && d + (2 * AttentionBlock.Lanes) <= valueStride; d += 2 * AttentionBlock.Lanes)
        {
            AttentionTiles<TLanes, TNumber>.MixWide(rows, runs[..used], d, valueStride, mixed);
        }

        for (; d < valueStride; d += AttentionBlock.Lanes)
        {
            AttentionTiles<TLanes, TNumber>.Mix(rows, runs[..used], d, valueStride, mixed);
        }

        runs[used - 1] = last;
    }

    private static void ScaleLanes(in FourRows scores, int heads, PositionRun run)
    {
        if (typeof(TNumber) == typeof(sbyte))
        {
            float* scales = (float*)run.KeyScales;
            for (int h = 0; h < heads; h++)
            {
                float* row = scores.Row0 + ((nint)h * AttentionBlock.ScoreStride);
                if (run.Count == AttentionBlock.Lanes)
                {
                    TLanes.Store(TLanes.Multiply(TLanes.Load(row), TLanes.Load(scales)), row);
                }

                // What lies beyond a shorter run may be the next one's already.
                for (int s = 0; s < run.Count && run.Count < AttentionBlock.Lanes; s++)
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
            float* row = shares.Row0 + ((nint)h * AttentionBlock.ScoreStride);
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
            for (nint at = 0; at < bytes; at += AttentionBlock.LineBytes)
            {
                Sse.Prefetch1((void*)(address + at));
            }
        }
    }
}
