using System.Runtime.InteropServices;

namespace Qwen3.Cluster.Model.Backends;

/// <summary>
/// What the system is told of memory, on Linux: madvise(2). Advice changes no result, and a system that does not take it is left alone.
/// </summary>
internal static unsafe partial class MemoryAdvice
{
    // Of x86, and of ARM with pages of 4 KiB.
    private const nuint LargePage = 2 << 20;

    // Each area of large pages is a mapping of its own, of which a process may have some ten thousand: not for single experts.
    private const nuint LeastForLargePages = 32 << 20;

    // Of one call the system may read no more than its read-ahead, by default 128 KiB.
    private const nuint FetchedAtOnce = 128 << 10;

    private const int WillNeedAdvice = 3, HugePageAdvice = 14;

    /// <summary>
    /// Asks for large pages for a large area: what reads much memory in order then misses the table of addresses less often. False where the area is too
    /// small, or the system has none.
    /// </summary>
    public static bool PreferLargePages(void* memory, nuint bytes)
    {
        nuint first = ((nuint)memory + LargePage - 1) & ~(LargePage - 1), end = ((nuint)memory + bytes) & ~(LargePage - 1);
        return OperatingSystem.IsLinux() && bytes >= LeastForLargePages && Advise((void*)first, end - first, HugePageAdvice) == 0;
    }

    /// <summary>
    /// Has the pages of a mapped file read that are not in memory yet, many at a time instead of one by one as they are touched. Does not wait for them. False
    /// where the system does not.
    /// </summary>
    public static bool Fetch(void* memory, nuint bytes)
    {
        nuint end = (nuint)memory + bytes;
        bool isTaken = OperatingSystem.IsLinux();
        for (nuint at = (nuint)memory & ~((nuint)Environment.SystemPageSize - 1); isTaken && at < end; at += FetchedAtOnce)
        {
            isTaken = Advise((void*)at, Math.Min(FetchedAtOnce, end - at), WillNeedAdvice) == 0;
        }

        return isTaken;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
