using System.Runtime.InteropServices;

namespace Qwen3.Cluster.Model.Backends;

/// <summary>
/// What the system is told of memory, on Linux: madvise(2). Advice changes no result, and a system that does not take it is left alone.
/// </summary>
internal static unsafe partial class MemoryAdvice
{
    /// <summary>Bytes of a large page, and where it begins.</summary>
    public const nuint LargePage = 2 << 20;

    private const nuint Page = 4096;
    private const int WillNeedAdvice = 3, HugePageAdvice = 14;

    /// <summary>Asks for large pages where they fit: what reads much memory in order then misses the table of addresses less often.</summary>
    public static void PreferLargePages(void* memory, nuint bytes)
    {
        nuint first = ((nuint)memory + LargePage - 1) & ~(LargePage - 1), end = ((nuint)memory + bytes) & ~(LargePage - 1);
        if (OperatingSystem.IsLinux() && end > first)
        {
            _ = Advise((void*)first, end - first, HugePageAdvice);
        }
    }

    /// <summary>Has mapped pages read that are not in memory yet, all at once instead of one by one as they are touched. Does not wait for them.</summary>
    public static void Fetch(void* memory, nuint bytes)
    {
        nuint first = (nuint)memory & ~(Page - 1);
        if (OperatingSystem.IsLinux())
        {
            _ = Advise((void*)first, (nuint)memory + bytes - first, WillNeedAdvice);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
