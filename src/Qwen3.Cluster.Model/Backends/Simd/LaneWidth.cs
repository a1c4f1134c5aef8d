using System.Runtime.Intrinsics;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Which registers hold the sixteen lanes.</summary>
internal enum LaneWidth
{
    Bits128,
    Bits256,
    Bits512,
}

internal static class LaneWidths
{
    /// <summary>The widest that this machine has.</summary>
    public static LaneWidth Best => Vector512.IsHardwareAccelerated ? LaneWidth.Bits512
        : Vector256.IsHardwareAccelerated ? LaneWidth.Bits256
        : LaneWidth.Bits128;
}
