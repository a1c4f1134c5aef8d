using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Qwen3.Cluster.Gateway.Hosting;

namespace Qwen3.Cluster.Cli.Hosting;

/// <summary>
/// Where a node listens: gRPC on HTTP/2, and health beside it on HTTP/1.1, which is what load balancers and probes speak. Without TLS one
/// port cannot do both. They are endpoints of Kestrel's configuration, <c>Grpc</c> and <c>Health</c>, so that one can be given a certificate.
/// </summary>
internal sealed class NodeEndpoints
{
    /// <summary>Where gRPC listens if nothing says it.</summary>
    public const string DefaultUrls = "http://127.0.0.1:5080";

    private const string Endpoints = "Kestrel:Endpoints";
    private const string Grpc = "Grpc";
    private const string Health = "Health";
    private const string HealthUrl = "Qwen3:HealthUrl";

    // A free port: many nodes fit on one machine.
    private const string DefaultHealthUrl = "http://127.0.0.1:0";

    private ListenOptions? _health;

    /// <summary>Adds them to a host.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="role">A silo has no gRPC.</param>
    /// <param name="urls">Of the command line; null: as the configuration says.</param>
    /// <exception cref="UsageException">The command line and the configuration contradict each other.</exception>
    public NodeEndpoints(WebApplicationBuilder builder, NodeRole role, string? urls)
    {
        ConfigurationManager configuration = builder.Configuration;
        bool areConfigured = configuration.GetSection(Endpoints).Exists();
        if (urls is not null && (areConfigured || role == NodeRole.Silo))
        {
            throw new UsageException(areConfigured
                ? $"--urls and {Endpoints} of the configuration both say where to listen: leave one out."
                : $"--urls is for the gRPC server, which --role silo does not have; {HealthUrl} says where it tells of its health.");
        }

        var settings = new Dictionary<string, string?>
        {
            [$"{Endpoints}:{Health}:Url"] = configuration[HealthUrl] ?? DefaultHealthUrl,
            [$"{Endpoints}:{Health}:Protocols"] = nameof(HttpProtocols.Http1),
        };
        if (role != NodeRole.Silo && !areConfigured)
        {
            string[] all = ListenUrls.Check(urls ?? configuration["urls"] ?? DefaultUrls).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            for (int i = 0; i < all.Length; i++)
            {
                settings[$"{Endpoints}:{Grpc}{(i == 0 ? "" : i)}:Url"] = all[i];
            }
        }

        configuration.AddInMemoryCollection(settings);
        builder.WebHost
            .UseSetting(WebHostDefaults.ServerUrlsKey, "") // Else Kestrel warns that its endpoints override them.
            .UseQwen3Protocol()
            .ConfigureKestrel(kestrel => kestrel.ConfigurationLoader!.Endpoint(Health, endpoint => _health = endpoint.ListenOptions));
    }

    /// <summary>Where a started host tells of its health: <c>http://127.0.0.1:40123</c>.</summary>
    public string HealthOf(WebApplication host) => host.Urls.First(IsHealth);

    /// <summary>Where a started host serves gRPC.</summary>
    public IEnumerable<string> GrpcOf(WebApplication host) => host.Urls.Where(url => !IsHealth(url));

    private bool IsHealth(string url) => new Uri(url).Port == _health!.IPEndPoint!.Port;
}
