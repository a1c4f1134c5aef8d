using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using StackExchange.Redis;

namespace Qwen3.Cluster.Silo.Hosting.Clustering;

/// <summary>Makes a host part of a cluster, as a silo or as a client of its silos.</summary>
public static class ClusteringExtensions
{
    /// <summary>
    /// Adds an Orleans client of the cluster that the configuration describes, for a process without grains of its own. The host's start
    /// waits until a silo answers.
    /// </summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting cannot be used; its message names it.</exception>
    public static IHostApplicationBuilder AddQwen3ClusterClient(this IHostApplicationBuilder builder)
    {
        ClusteringConfiguration clustering = builder.AddClustering();
        builder.AddQwen3Drain();

        // Before Orleans' own section is read, which overrides it: a silo that comes or goes is noticed in a second, not in a minute.
        builder.Services.Configure<GatewayOptions>(gateway => gateway.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
        builder.UseOrleansClient(client =>
        {
            client.UseConnectionRetryFilter<SiloWait>();
            if (clustering.Store == ClusterStore.PrimarySilo)
            {
                client.UseStaticClustering([.. Gateways(clustering.Options)]);
            }
        });
        return builder;
    }

    /// <summary>Adds a silo to the host, as a member of the cluster that the configuration describes.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting cannot be used; its message names it.</exception>
    internal static void AddClusteredSilo(this IHostApplicationBuilder builder)
    {
        ClusteringConfiguration clustering = builder.AddClustering();
        builder.Services.AddOptions<ClusterMembershipOptions>()
            .Configure(NoticeDeathSoon)
            .Bind(builder.Configuration.GetSection($"{ClusteringOptions.Section}:Membership"));
        builder.UseOrleans(silo =>
        {
            // Every reader of the endpoints has to see the same ports.
            var siloPort = new Lazy<int>(() => clustering.Options.SiloPort is var port and > 0 ? port : FreePort());
            var gatewayPort = new Lazy<int>(() => clustering.Options.GatewayPort is var port and > 0 ? port : FreePort());
            silo.Configure<EndpointOptions>(endpoint =>
            {
                endpoint.SiloPort = siloPort.Value;
                endpoint.GatewayPort = gatewayPort.Value;
                if (clustering.Options.AdvertisedAddress is { } address)
                {
                    endpoint.AdvertisedIPAddress = IPAddress.Parse(address);
                }
                else if (clustering.Store == ClusterStore.PrimarySilo && endpoint.AdvertisedIPAddress is null)
                {
                    endpoint.AdvertisedIPAddress = IPAddress.Loopback;
                }
            });
            if (clustering.Store == ClusterStore.PrimarySilo)
            {
                silo.UseDevelopmentClustering(clustering.Options.PrimarySilo is { } primary ? IPEndPoint.Parse(primary) : null);
            }

            // The older directory of Orleans takes with a silo all that it knew, wherever that lived: routers and shards of nodes that are well would
            // stop whenever another one does.
#pragma warning disable ORLEANSEXP003 // It is the directory of Orleans 9 and later, and still called experimental.
            silo.AddDistributedGrainDirectory();
            silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = LeaseOfTheLost);
#pragma warning restore ORLEANSEXP003

            if (clustering.IsPod)
            {
                silo.UseKubernetesHosting();
            }
        });
    }

    private static ClusteringConfiguration AddClustering(this IHostApplicationBuilder builder)
    {
        ClusteringConfiguration clustering = ClusteringConfiguration.Read(builder.Configuration);
        IServiceCollection services = builder.Services;
        services.AddSingleton(clustering);
        if (clustering.Store != ClusterStore.PrimarySilo)
        {
            services.AddHostedService<ClusterStoreCheck>();
        }

        if (clustering.ServiceKey is { } key)
        {
            services.AddKeyedSingleton<IConnectionMultiplexer>(key, (_, _) => ConnectionMultiplexer.Connect(clustering.ConnectionString));
        }

        return clustering;
    }

    // After a loss the directory lets nobody be activated anew in the lost silo's part for a while, in case that it still lives. It counts from the first probe
    // that was missed, and a grain that is in two places for a moment does no harm here: shards have epochs, maps versions, routers no state that outlives a request.
    private static readonly TimeSpan LeaseOfTheLost = TimeSpan.FromSeconds(2);

    /// <summary>A silo that was killed is declared dead about a second later; Orleans' own settings take more than ten.</summary>
    private static void NoticeDeathSoon(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = TimeSpan.FromSeconds(1);
        membership.NumMissedProbesLimit = 2;
        membership.EnableIndirectProbes = false;

        // A whole cluster that was killed leaves silos in the store that look alive for three of these: so long its successor waits for them.
        membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
    }

    private static IEnumerable<IPEndPoint> Gateways(ClusteringOptions options) => options.Gateways.Count > 0
        ? options.Gateways.Select(IPEndPoint.Parse)
        : [new IPEndPoint(IPAddress.Loopback, EndpointOptions.DEFAULT_GATEWAY_PORT)];

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
