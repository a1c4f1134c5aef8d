using System.ComponentModel;
using System.Diagnostics;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>
/// Machines of a network of their own, played by network namespaces of Linux: each has an address, <c>10.213.0.1</c> and so on, and a cable to a
/// switch, which is a bridge in one more namespace or a <see cref="LossySwitch"/>. The machine's own network keeps as it is. All of it goes when it
/// is disposed of.
/// </summary>
internal sealed class NetworkNamespaces : IAsyncDisposable
{
    private const string Cable = "cable";

    private readonly string _prefix = $"qwen3-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}";
    private readonly List<string> _names = [];

    private readonly LossySwitch? _lossy;

    private NetworkNamespaces(LossySwitch? lossy) => _lossy = lossy;

    private string Switch => $"{_prefix}-switch";

    /// <summary>Makes some.</summary>
    /// <param name="count">How many machines.</param>
    /// <param name="lossy">Joins them, a new one; it is disposed of with them. Null: a bridge, as fast as the kernel is.</param>
    /// <returns>Them, or why this machine does not allow it.</returns>
    public static async Task<(NetworkNamespaces? Network, string Refusal)> TryCreate(int count, LossySwitch? lossy = null)
    {
        NetworkNamespaces network = new(lossy);
        try
        {
            await network.Add(network.Switch);
            await Run("ip", "-n", network.Switch, "link", "add", "bridge", "type", "bridge");
            await Run("ip", "-n", network.Switch, "link", "set", "bridge", "up");
            for (int i = 0; i < count; i++)
            {
                string name = network.NameOf(i);
                await network.Add(name);
                await network.Plug(i);
                await Run("ip", "-n", name, "address", "add", $"{AddressOf(i)}/24", "dev", Cable);
                await Run("ip", "-n", name, "link", "set", Cable, "up");
                await Run("ip", "-n", name, "link", "set", "lo", "up");
            }

            lossy?.Start();
            return (network, "");
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or IOException or UnauthorizedAccessException)
        {
            await network.DisposeAsync();
            return (null, exception.Message);
        }
    }

    /// <summary>The address of a machine.</summary>
    public static string AddressOf(int machine) => $"10.213.0.{machine + 1}";

    /// <summary>What runs a command on a machine.</summary>
    public string[] PrefixOf(int machine) => ["ip", "netns", "exec", NameOf(machine)];

    public async ValueTask DisposeAsync()
    {
        foreach (string name in _names)
        {
            await Run("ip", "netns", "delete", name);
        }

        _lossy?.Dispose();
    }

    private string NameOf(int machine) => $"{_prefix}-{machine}";

    // One end of a cable in the machine, the other one in the switch.
    private async Task Plug(int machine)
    {
        if (_lossy is not null)
        {
            string device = $"qw{Guid.NewGuid().ToString("N")[..8]}";
            _lossy.Plug(device);
            await Run("ip", "link", "set", device, "netns", NameOf(machine), "name", Cable);
            return;
        }

        await Run("ip", "link", "add", Cable, "netns", NameOf(machine), "type", "veth", "peer", "name", $"port{machine}", "netns", Switch);
        await Run("ip", "-n", Switch, "link", "set", $"port{machine}", "master", "bridge", "up");
    }

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
