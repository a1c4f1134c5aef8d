using System.Net;
using System.Net.Sockets;

namespace Qwen3.Cluster.IntegrationTests.Hosting;

/// <summary>A Redis of the Debian package <c>redis-server</c>.</summary>
internal sealed class RedisServer() : StoreServer("redis")
{
    // As an Aspire host passes it.
    public override string[] Settings =>
    [
        "--set", "Orleans:Clustering:ProviderType=Redis", "--set", "Orleans:Clustering:ServiceKey=store",
        "--set", $"ConnectionStrings:store=127.0.0.1:{Port}",
    ];

    /// <summary>Starts one; skips the test where there is no such program.</summary>
    public static async Task<RedisServer> StartAsync()
    {
        string? program = Find("redis-server");
        Assert.SkipWhen(program is null, "There is no redis-server here: install the Debian package redis-server.");
        var server = new RedisServer();
        try
        {
            await server.StartAsync(
                program!, "--port", $"{server.Port}", "--bind", "127.0.0.1", "--dir", server.DataDirectory, "--save", "", "--appendonly", "no");
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port, cancellationToken);
        return true;
    }
}
