using System.ComponentModel;
using System.Diagnostics;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>
/// Machines of a network of their own, played by network namespaces of Linux: each has an address, <c>10.213.0.1</c> and so on, and a cable to a
/// switch, which is a bridge in one more namespace. The machine's own network is not touched. All of it goes when it is disposed of.
/// </summary>
internal sealed class NetworkNamespaces : IAsyncDisposable
{
    private const string Cable = "cable";

    private readonly string _prefix = $"qwen3-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}";
    private readonly List<string> _names = [];

    private NetworkNamespaces()
    {
    }

    /// <summary>How many machines there are.</summary>
    public int Count => _names.Count - 1;

    private string Switch => $"{_prefix}-switch";

    /// <summary>Makes some.</summary>
    /// <param name="count">How many machines.</param>
    /// <returns>Them, or why this machine does not allow it.</returns>
    public static async Task<(NetworkNamespaces? Network, string Refusal)> TryCreate(int count)
    {
        NetworkNamespaces network = new();
        try
        {
            await network.Add(network.Switch);
            await Run("ip", "-n", network.Switch, "link", "add", "bridge", "type", "bridge");
            await Run("ip", "-n", network.Switch, "link", "set", "bridge", "up");
            for (int i = 0; i < count; i++)
            {
                string name = network.NameOf(i);
                await network.Add(name);
                await Run("ip", "link", "add", Cable, "netns", name, "type", "veth", "peer", "name", $"port{i}", "netns", network.Switch);
                await Run("ip", "-n", network.Switch, "link", "set", $"port{i}", "master", "bridge", "up");
                await Run("ip", "-n", name, "address", "add", $"{AddressOf(i)}/24", "dev", Cable);
                await Run("ip", "-n", name, "link", "set", Cable, "up");
                await Run("ip", "-n", name, "link", "set", "lo", "up");
            }

            return (network, "");
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            await network.DisposeAsync();
            return (null, exception.Message);
        }
    }

    /// <summary>The address of a machine.</summary>
    public static string AddressOf(int machine) => $"10.213.0.{machine + 1}";

    /// <summary>What runs a command on a machine.</summary>
    public string[] PrefixOf(int machine) => ["ip", "netns", "exec", NameOf(machine)];

    /// <summary>Makes every cable slow and lossy.</summary>
    /// <param name="netem">What netem is to do, as tc takes it.</param>
    /// <returns>Why the kernel cannot; empty: it does.</returns>
    public async Task<string> TryDisturb(params string[] netem)
    {
        try
        {
            for (int i = 0; i < Count; i++)
            {
                await Run("tc", ["-n", NameOf(i), "qdisc", "add", "dev", Cable, "root", "netem", .. netem]);
            }

            return "";
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            return exception.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string name in _names)
        {
            await Run("ip", "netns", "delete", name);
        }
    }

    private string NameOf(int machine) => $"{_prefix}-{machine}";

    private async Task Add(string name)
    {
        await Run("ip", "netns", "add", name);
        _names.Add(name);
    }

    private static async Task Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await output;
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{command} {string.Join(' ', arguments)}' says: {error.Trim().ReplaceLineEndings(" ")}");
        }
    }
}
