using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Gateway.Hosting;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>The real front door on a free loopback port, before grains that a test plays.</summary>
public sealed class GatewayServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GatewayServer(WebApplication app)
    {
        _app = app;
        Address = app.GetQwen3Address();
        Channel = GrpcChannel.ForAddress(Address);
    }

    public Uri Address { get; }

    /// <summary>A bare channel: no retries.</summary>
    public GrpcChannel Channel { get; }

    public static async Task<GatewayServer> StartAsync(FakeGrains grains)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(grains.AsFactory());
        builder.Services.AddQwen3Gateway();
        builder.WebHost.ListenForQwen3(new IPEndPoint(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        app.MapQwen3Gateway();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new GatewayServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _app.DisposeAsync();
    }
}
