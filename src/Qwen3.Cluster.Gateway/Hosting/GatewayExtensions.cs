using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Qwen3.Cluster.Contracts.Hosting;
using Qwen3.Cluster.Gateway.Draining;
using Qwen3.Cluster.Gateway.Errors;

namespace Qwen3.Cluster.Gateway.Hosting;

/// <summary>Puts the gRPC front door into a web host that has Orleans' <see cref="IGrainFactory"/>.</summary>
/// <example>
/// <code>
/// WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
/// builder.UseOrleans(silo => …);
/// builder.Services.AddQwen3Gateway();
/// builder.WebHost.ListenForQwen3(new IPEndPoint(IPAddress.Loopback, 0));
/// WebApplication app = builder.Build();
/// app.MapQwen3Gateway();
/// await app.StartAsync();
/// Uri address = app.GetQwen3Address();
/// </code>
/// </example>
public static class GatewayExtensions
{
    /// <summary>Bytes of the largest message that is read or sent, as the proto says it: 16 MiB.</summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    private const string HealthTag = "qwen3";
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Adds the gRPC services, the standard health and reflection services, and the check behind the former.</summary>
    public static IServiceCollection AddQwen3Gateway(this IServiceCollection services)
    {
        services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MaxMessageBytes;
            options.MaxSendMessageSize = MaxMessageBytes;
            options.Interceptors.Add<ErrorInterceptor>();
        }).AddServiceOptions<TextGenerationService>(options => options.Interceptors.Add<DrainInterceptor>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<OpenCalls>();
        services.AddSingleton<IDrainParticipant>(provider => provider.GetRequiredService<OpenCalls>());
        services.AddGrpcReflection();
        services
            .AddGrpcHealthChecks(options =>
                options.Services.Map(Protos.TextGeneration.Descriptor.FullName, check => check.Tags.Contains(HealthTag)))
            .AddCheck<DrainHealthCheck>("drain", tags: [HealthTag])
            .AddCheck<ModelsHealthCheck>("models", tags: [HealthTag], timeout: HealthTimeout);
        return services;
    }

    /// <summary>Maps <c>qwen3.v1.TextGeneration</c>, <c>qwen3.v1.Operations</c>, <c>grpc.health.v1.Health</c> and the reflection service.</summary>
    public static IEndpointRouteBuilder MapQwen3Gateway(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<TextGenerationService>();
        endpoints.MapGrpcService<OperationsService>();
        endpoints.MapGrpcHealthChecksService();
        endpoints.MapGrpcReflectionService();
        return endpoints;
    }

    /// <summary>Listens with Kestrel for HTTP/2 without TLS, as gRPC needs it.</summary>
    /// <param name="builder">The web host.</param>
    /// <param name="endpoint">Where; port 0: a free one, which <see cref="GetQwen3Address"/> tells once the host has started.</param>
    public static IWebHostBuilder ListenForQwen3(this IWebHostBuilder builder, IPEndPoint endpoint) =>
        builder.UseQwen3Protocol().ConfigureKestrel(kestrel => kestrel.Listen(endpoint));

    /// <summary>Makes every endpoint of Kestrel speak HTTP/2, with limits that fit long streams. Where it listens is left to the configuration.</summary>
    public static IWebHostBuilder UseQwen3Protocol(this IWebHostBuilder builder) =>
        builder.ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureEndpointDefaults(listener => listener.Protocols = HttpProtocols.Http2);

            // Each reply holds its stream for as long as it is written: Kestrel's 100 would make the 101st of a client wait unseen.
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1_000;

            // A client that vanished without a word is noticed, and its work stopped, within 45 s.
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);
        });

    /// <summary>Where a started host listens: <c>http://127.0.0.1:40123</c>.</summary>
    /// <exception cref="InvalidOperationException">The host has not started, or listens nowhere.</exception>
    public static Uri GetQwen3Address(this IHost host)
    {
        var addresses = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
        return addresses?.Addresses.FirstOrDefault() is { } address
            ? new Uri(address)
            : throw new InvalidOperationException("The host listens nowhere yet; start it before asking where.");
    }
}
