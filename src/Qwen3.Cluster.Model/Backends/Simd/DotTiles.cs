using System.Runtime.CompilerServices;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Dot products of a few tokens with a few weight rows at once, so that what is loaded is used more than once.
/// Each product has its own accumulator and sees its elements in ascending order: its bits do not depend on the shape of the tile.
/// </summary>
/// <remarks>
/// Leaf methods: a call while the accumulators are live would move them to the stack for the whole loop. Lengths are multiples of 16.
/// </remarks>
/// <typeparam name="TLanes">The width.</typeparam>
/// <typeparam name="TWeight">float, or ushort for bfloat16.</typeparam>
internal static unsafe class DotTiles<TLanes, TWeight>
    where TLanes : struct, ILanes<TLanes>
    where TWeight : unmanaged
{
    /// <summary>dots[r] = x · w[r], four rows of weights that lie one stride apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneByFour(float* x, TWeight* w0, TWeight* w1, TWeight* w2, TWeight* w3, nint length, float* dots)
    {
        TLanes a0 = default, a1 = default, a2 = default, a3 = default;
        for (nint k = 0; k < length; k += 16)
        {
            TLanes v = TLanes.Load(x + k);
            a0 = TLanes.MultiplyAdd(v, LoadWeights(w0 + k), a0);
            a1 = TLanes.MultiplyAdd(v, LoadWeights(w1 + k), a1);
            a2 = TLanes.MultiplyAdd(v, LoadWeights(w2 + k), a2);
            a3 = TLanes.MultiplyAdd(v, LoadWeights(w3 + k), a3);
        }

        dots[0] = TLanes.Sum(a0);
        dots[1] = TLanes.Sum(a1);
        dots[2] = TLanes.Sum(a2);
        dots[3] = TLanes.Sum(a3);
    }

    /// <summary>dots[2 · t + r] = x[t] · w[r]: eight registers of 256 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoByTwo(float* x0, float* x1, TWeight* w0, TWeight* w1, nint length, float* dots)
    {
        TLanes a00 = default, a01 = default, a10 = default, a11 = default;
        for (nint k = 0; k < length; k += 16)
        {
            TLanes v0 = LoadWeights(w0 + k), v1 = LoadWeights(w1 + k);
            TLanes x = TLanes.Load(x0 + k);
            a00 = TLanes.MultiplyAdd(x, v0, a00);
            a01 = TLanes.MultiplyAdd(x, v1, a01);
            x = TLanes.Load(x1 + k);
            a10 = TLanes.MultiplyAdd(x, v0, a10);
            a11 = TLanes.MultiplyAdd(x, v1, a11);
        }

        dots[0] = TLanes.Sum(a00);
        dots[1] = TLanes.Sum(a01);
        dots[2] = TLanes.Sum(a10);
        dots[3] = TLanes.Sum(a11);
    }

    /// <summary>dots[4 · t + r] = x[t] · w[r]: sixteen registers of 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByFour(
        float* x0, float* x1, float* x2, float* x3, TWeight* w0, TWeight* w1, TWeight* w2, TWeight* w3, nint length, float* dots)
    {
        TLanes a00 = default, a01 = default, a02 = default, a03 = default;
        TLanes a10 = default, a11 = default, a12 = default, a13 = default;
        TLanes a20 = default, a21 = default, a22 = default, a23 = default;
        TLanes a30 = default, a31 = default, a32 = default, a33 = default;
        for (nint k = 0; k < length; k += 16)
        {
            TLanes v0 = LoadWeights(w0 + k), v1 = LoadWeights(w1 + k), v2 = LoadWeights(w2 + k), v3 = LoadWeights(w3 + k);
            TLanes x = TLanes.Load(x0 + k);
            a00 = TLanes.MultiplyAdd(x, v0, a00);
            a01 = TLanes.MultiplyAdd(x, v1, a01);
            a02 = TLanes.MultiplyAdd(x, v2, a02);
            a03 = TLanes.MultiplyAdd(x, v3, a03);
            x = TLanes.Load(x1 + k);
            a10 = TLanes.MultiplyAdd(x, v0, a10);
            a11 = TLanes.MultiplyAdd(x, v1, a11);
            a12 = TLanes.MultiplyAdd(x, v2, a12);
            a13 = TLanes.MultiplyAdd(x, v3, a13);
            x = TLanes.Load(x2 + k);
            a20 = TLanes.MultiplyAdd(x, v0, a20);
            a21 = TLanes.MultiplyAdd(x, v1, a21);
            a22 = TLanes.MultiplyAdd(x, v2, a22);
            a23 = TLanes.MultiplyAdd(x, v3, a23);
            x = TLanes.Load(x3 + k);
            a30 = TLanes.MultiplyAdd(x, v0, a30);
            a31 = TLanes.MultiplyAdd(x, v1, a31);
            a32 = TLanes.MultiplyAdd(x, v2, a32);
            a33 = TLanes.MultiplyAdd(x, v3, a33);
        }

        dots[0] = TLanes.Sum(a00);
        dots[1] = TLanes.Sum(a01);
        dots[2] = TLanes.Sum(a02);
        dots[3] = TLanes.Sum(a03);
        dots[4] = TLanes.Sum(a10);
        dots[5] = TLanes.Sum(a11);
        dots[6] = TLanes.Sum(a12);
        dots[7] = TLanes.Sum(a13);
        dots[8] = TLanes.Sum(a20);
        dots[9] = TLanes.Sum(a21);
        dots[10] = TLanes.Sum(a22);
        dots[11] = TLanes.Sum(a23);
        dots[12] = TLanes.Sum(a30);
        dots[13] = TLanes.Sum(a31);
        dots[14] = TLanes.Sum(a32);
        dots[15] = TLanes.Sum(a33);
    }

    // The type is known to the compiler: one of the two is all that is left.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes LoadWeights(TWeight* source) =>
        typeof(TWeight) == typeof(float) ? TLanes.Load((float*)source) : TLanes.LoadBFloat16((ushort*)source);
}
