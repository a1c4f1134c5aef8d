using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>Runs <c>tests/npm/foreign-client.js</c>: Node's own gRPC, which shares no code with the server.</summary>
internal static class ForeignClient
{
    private static readonly string NpmDirectory = PathOf("NpmDirectory");

    /// <summary>What the script prints for a scenario; skips the test where Node or its packages cannot be had.</summary>
    public static async Task<JsonElement> RunAsync(string scenario, Uri address)
    {
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(NpmDirectory, "node_modules", "@grpc")),
            "Node's gRPC is not here: the build needs npm and its registry to fetch @grpc/grpc-js into tests/npm.");
        string[] arguments =
        [
            Path.Combine(NpmDirectory, "foreign-client.js"), scenario, address.Authority,
            Path.Combine(PathOf("ProtosDirectory"), "generation.proto"),
        ];
        using Process node = Start(new ProcessStartInfo("node", arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
        Task<string> errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0 && output.Length > 0, await errors);
        return JsonElement.Parse(output);
    }

    private static Process Start(ProcessStartInfo info)
    {
        try
        {
            return Process.Start(info)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("Node is not here: install nodejs.");
            throw;
        }
    }

    private static string PathOf(string name) => Path.GetFullPath(
        typeof(ForeignClient).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == name).Value!);
}
