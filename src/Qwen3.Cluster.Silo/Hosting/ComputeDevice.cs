using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>What a back-end computes on.</summary>
/// <param name="Name">Unique on the node: <c>cpu</c>, <c>cuda:0</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="MemoryBytes">Its memory, so far as this process may use it.</param>
/// <param name="FreeBytes">What of it nobody has taken, as the system tells.</param>
/// <param name="Threads">Threads that compute there, for one caller.</param>
public readonly record struct ComputeDevice(string Name, DeviceKind Kind, long MemoryBytes, long FreeBytes, int Threads)
{
    /// <summary>This machine's processors and memory.</summary>
    public static ComputeDevice Cpu()
    {
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        return new ComputeDevice("cpu", DeviceKind.Cpu, memory.TotalAvailableMemoryBytes, ReadAvailable() ?? memory.TotalAvailableMemoryBytes, Environment.ProcessorCount);
    }

    // What Linux could give without swapping: pages of mapped files that nobody uses count as free.
    private static long? ReadAvailable()
    {
        const string Path = "/proc/meminfo";
        const string Line = "MemAvailable:";
        string? line = File.Exists(Path) ? File.ReadLines(Path).FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal)) : null;
        return line is not null && long.TryParse(line.AsSpan(Line.Length).Trim().TrimEnd(" kB"), out long kibibytes) ? kibibytes * 1024 : null;
    }
}
