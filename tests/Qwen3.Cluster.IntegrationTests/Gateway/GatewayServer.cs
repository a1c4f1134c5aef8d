using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Gateway.Hosting;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>The real front door on a free loopback port.</summary>
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

    public IServiceProvider Services => _app.Services;

    public IGrainFactory Grains => _app.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Before grains that a test plays.</summary>
    public static Task<GatewayServer> StartAsync(FakeGrains grains) =>
        StartAsync(builder => builder.Services.AddSingleton(grains.AsFactory()));

    /// <summary>Before a silo in this process, with a back-end that a test can hold up.</summary>
    public static Task<GatewayServer> StartAsync(Action<Qwen3Options> configure, IBackendFactory backend) => StartAsync(builder =>
    {
        builder.AddQwen3Silo(configure);
        builder.Services.AddSingleton(backend);
    });

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _app.DisposeAsync();
    }

    private static async Task<GatewayServer> StartAsync(Action<WebApplicationBuilder> addGrains)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        addGrains(builder);
        builder.Services.AddQwen3Gateway();
        builder.WebHost.ListenForQwen3(new IPEndPoint(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        app.MapQwen3Gateway();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new GatewayServer(app);
    }
}
