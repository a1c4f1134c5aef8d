using System.Runtime.Intrinsics.X86;

namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Which instructions multiply the bytes of packed weights.</summary>
internal enum ByteDots
{
    /// <summary>Those that every processor has; on ARM its dot product.</summary>
    Portable,
    Avx2,
    AvxVnni,

    /// <summary>AVX-512 where it is the fastest, else AVX-VNNI or AVX2.</summary>
    Avx512,
}

internal static class ByteDotsOfMachine
{
    /// <summary>The fastest of this machine.</summary>
    public static ByteDots Best =>
        Avx512BW.IsSupported ? ByteDots.Avx512 : AvxVnni.IsSupported ? ByteDots.AvxVnni : Avx2.IsSupported ? ByteDots.Avx2 : ByteDots.Portable;

    /// <summary>All that this machine has.</summary>
    public static IEnumerable<ByteDots> Supported => Enum.GetValues<ByteDots>().Where(dots => dots <= Best && (dots != ByteDots.AvxVnni || AvxVnni.IsSupported));
}
