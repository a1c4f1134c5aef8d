using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Gateway.Hosting;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Cli.Hosting;

/// <summary>
/// A cluster inside this process, for as long as a command takes: one silo with all grains, and the gRPC server on a free loopback port.
/// It takes nothing from the environment or from files, so that a command does the same in every directory.
/// </summary>
public sealed class OwnCluster : IAsyncDisposable
{
    private readonly WebApplication _host;

    private OwnCluster(WebApplication host) => _host = host;

    /// <summary>Where its gRPC server listens.</summary>
    public Uri Address => _host.GetQwen3Address();

    /// <summary>Starts it; the model is loaded when this returns.</summary>
    /// <param name="model">What it serves.</param>
    /// <param name="isVerbose">Whether it logs, to the standard error. What goes wrong for a request its client hears in any case.</param>
    public static async Task<OwnCluster> StartAsync(ModelOptions model, bool isVerbose)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ListenForQwen3(new IPEndPoint(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        if (isVerbose)
        {
            builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        }

        builder.AddQwen3Silo(options => options.Models.Add(model));
        builder.Services.AddQwen3Gateway();
        builder.Services.AddSingleton<IBackendFactory, TorchBackendFactory>();

        WebApplication host = builder.Build();
        host.MapQwen3Gateway();
        try
        {
            await host.StartAsync();
            return new OwnCluster(host);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops it.</summary>
    public async ValueTask DisposeAsync()
    {
        // Nothing outlives this cluster that would have to be handed over in good order, which takes Orleans a second.
        try
        {
            await _host.StopAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
        }

        await _host.DisposeAsync();
    }
}
