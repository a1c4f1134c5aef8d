namespace Qwen3.Cluster.Silo.Links;

/// <summary>Tells processes that see the same Unix sockets from those that do not.</summary>
internal static class HostIdentity
{
    private const string BootId = "/proc/sys/kernel/random/boot_id";

    /// <summary>
    /// On Linux the boot of the kernel and the mount namespace: containers of one machine have different file systems. Elsewhere the machine's name.
    /// </summary>
    public static string Value { get; } = File.Exists(BootId)
        ? $"{File.ReadAllText(BootId).Trim()}/{new FileInfo("/proc/self/ns/mnt").LinkTarget}"
        : Environment.MachineName;
}
