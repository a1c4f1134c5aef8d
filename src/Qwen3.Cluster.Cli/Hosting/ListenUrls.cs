using System.Net;
using Microsoft.AspNetCore.Http;

namespace Qwen3.Cluster.Cli.Hosting;

/// <summary>
/// The addresses that a server is to listen on. Kestrel takes a host that it cannot read as an address, <c>256.1.1.1</c> as much as
/// any name, for all interfaces: a mistyped loopback address would open the server to the network.
/// </summary>
public static class ListenUrls
{
    /// <summary>Refuses what Kestrel would take for something else.</summary>
    /// <param name="urls">As <c>--urls</c> has them: with semicolons between them.</param>
    /// <returns>The same.</returns>
    /// <exception cref="UsageException">One is no address, or its host is neither an IP address nor localhost, * or +.</exception>
    public static string Check(string urls)
    {
        foreach (string url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            BindingAddress address = Parse(url);
            bool isKnown = address.IsUnixPipe || address.IsNamedPipe || address.Host is "*" or "+"
                || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(address.Host, out _);
            if (!isKnown)
            {
                throw new UsageException(
                    $"{url}: {address.Host} is no address to listen on; give an IP address of this machine, localhost, or * for all of its addresses.");
            }
        }

        return urls;
    }

    private static BindingAddress Parse(string url)
    {
        try
        {
            return BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            throw new UsageException($"{url} is no address to listen on; one is written as in http://127.0.0.1:5080.");
        }
    }
}
