using System.CommandLine;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>The option <c>--server</c>.</summary>
public static class ServerOption
{
    /// <summary>Checks what was given.</summary>
    /// <returns>The address.</returns>
    /// <exception cref="UsageException">It is no address.</exception>
    public static string Check(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            ? address
            : throw new UsageException($"--server is {address}: it takes an address such as {Hosting.NodeEndpoints.DefaultUrls}.");

    /// <summary>Makes the option for a command that asks a server in any case.</summary>
    public static Option<string> Create() => new("--server")
    {
        Description = "Address of a node with a gRPC server.",
        DefaultValueFactory = _ => Hosting.NodeEndpoints.DefaultUrls,
    };
}
