namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>
/// Sixteen float32 lanes in whatever registers a machine has. A dot product gives element k to lane k mod 16, and every width adds the lanes up
/// in the same tree: the bits of a result do not depend on the width.
/// </summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Lanes of every width.</summary>
    const int Count = 16;

    static abstract TSelf Load(float* source);

    /// <summary>Sixteen bfloat16: the upper halves of float32.</summary>
    static abstract TSelf LoadBFloat16(ushort* source);

    /// <summary>Sixteen signed bytes, as float32.</summary>
    static abstract TSelf LoadBytes(sbyte* source);

    /// <summary>The same number in every lane.</summary>
    static abstract TSelf Broadcast(float value);

    static abstract void Store(TSelf lanes, float* target);

    static abstract TSelf Multiply(TSelf a, TSelf b);

    /// <summary>a · b + sum, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf sum);

    /// <summary>The sum of the lanes: i with i + 8, then i with i + 4, i + 2, i + 1.</summary>
    static abstract float Sum(TSelf lanes);
}
