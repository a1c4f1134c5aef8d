using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;

namespace Qwen3.Cluster.Silo.Hosting.Clustering;

/// <summary>
/// What the configuration says of clustering, read and checked before Orleans reads its own section, so that what cannot be used is
/// named in one sentence. The schema of section <c>Orleans</c> is Orleans' own, which an Aspire host fills in.
/// </summary>
/// <param name="Options">Section <c>Qwen3:Cluster</c>.</param>
/// <param name="Store">What keeps the list of silos.</param>
/// <param name="ConnectionString">How to reach the store; empty for <see cref="ClusterStore.PrimarySilo"/>.</param>
/// <param name="ConnectionSetting">The setting that the connection string comes from.</param>
/// <param name="ServiceKey">The key of the connection among the host's services; null: Orleans connects by itself.</param>
internal sealed record ClusteringConfiguration(
    ClusteringOptions Options, ClusterStore Store, string ConnectionString, string ConnectionSetting, string? ServiceKey)
{
    private const string Clustering = "Orleans:Clustering";

    // The invariant name of the only ADO.NET provider that this program has.
    private const string Npgsql = "Npgsql";

    /// <summary>Whether this process is a pod of Kubernetes.</summary>
    public bool IsPod { get; private init; }

    /// <summary>Reads and checks the settings.</summary>
    /// <param name="configuration">All of the host's.</param>
    /// <exception cref="OptionsValidationException">Some cannot be used; each message names one.</exception>
    public static ClusteringConfiguration Read(IConfiguration configuration)
    {
        var problems = new List<string>();
        var options = new ClusteringOptions();
        configuration.GetSection("Orleans:Endpoints").Bind(options);
        configuration.GetSection(ClusteringOptions.Section).Bind(options);
        Check(options, problems);

        ClusterStore store = ReadStore(configuration, problems);
        (string connectionString, string setting, string? serviceKey) =
            store == ClusterStore.PrimarySilo ? ("", "", null) : ReadConnection(configuration, store, problems);
        if (store != ClusterStore.PrimarySilo && (options.PrimarySilo is not null || options.Gateways.Count > 0))
        {
            problems.Add(
                $"{ClusteringOptions.Section}:PrimarySilo and :Gateways are for a cluster without a store, and {Clustering}:ProviderType is {store}: leave them out.");
        }

        return problems.Count > 0
            ? throw new OptionsValidationException(ClusteringOptions.Section, typeof(ClusteringOptions), problems)
            : new ClusteringConfiguration(options, store, connectionString, setting, serviceKey)
            {
                IsPod = options.Kubernetes ?? (configuration["KUBERNETES_SERVICE_HOST"] is not null && configuration["POD_NAME"] is not null),
            };
    }

    /// <summary>An address and a port, or null if the text is something else.</summary>
    public static IPEndPoint? ParseEndpoint(string text) => IPEndPoint.TryParse(text, out IPEndPoint? endpoint) && endpoint.Port > 0 ? endpoint : null;

    private static void Check(ClusteringOptions options, List<string> problems)
    {
        const string Section = ClusteringOptions.Section;
        CheckPort(nameof(options.SiloPort), options.SiloPort);
        CheckPort(nameof(options.GatewayPort), options.GatewayPort);
        if (options.AdvertisedAddress is { } address
            && (!IPAddress.TryParse(address, out IPAddress? ip) || ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
        {
            problems.Add($"{Section}:AdvertisedAddress is '{address}': it must be one IP address that the other processes reach.");
        }

        if (options.PrimarySilo is { } primary && ParseEndpoint(primary) is null)
        {
            problems.Add($"{Section}:PrimarySilo is '{primary}': it must be an IP address with a port, as 127.0.0.1:11111.");
        }

        for (int i = 0; i < options.Gateways.Count; i++)
        {
            if (ParseEndpoint(options.Gateways[i]) is null)
            {
                problems.Add($"{Section}:Gateways:{i} is '{options.Gateways[i]}': it must be an IP address with a port, as 127.0.0.1:30000.");
            }
        }

        if (options.ExpectedSilos < 1)
        {
            problems.Add($"{Section}:ExpectedSilos is {options.ExpectedSilos}: it must be 1 or more.");
        }

        if (options.ConnectTimeLimit <= TimeSpan.Zero)
        {
            problems.Add($"{Section}:ConnectTimeLimit is {options.ConnectTimeLimit}: it must be above zero.");
        }

        void CheckPort(string name, int port)
        {
            if (port is < 0 or > 65535)
            {
                problems.Add($"{Section}:{name} is {port}: it must be 0 (a free port) to 65535.");
            }
        }
    }

    private static ClusterStore ReadStore(IConfiguration configuration, List<string> problems)
    {
        string? provider = configuration[$"{Clustering}:ProviderType"];
        switch (provider)
        {
            case "Redis":
                return ClusterStore.Redis;
            case "AdoNet":
                if (configuration[$"{Clustering}:Invariant"] is var invariant && invariant != Npgsql)
                {
                    problems.Add($"{Clustering}:Invariant is '{invariant}': set it to {Npgsql}, the only ADO.NET provider that this program has.");
                }

                return ClusterStore.AdoNet;
            case null when !configuration.GetSection(Clustering).Exists():
                return ClusterStore.PrimarySilo;
            default:
                problems.Add(
                    $"{Clustering}:ProviderType is '{provider}': it must be Redis or AdoNet; for a cluster without a store leave out the section {Clustering}.");
                return ClusterStore.PrimarySilo;
        }
    }

    private static (string ConnectionString, string Setting, string? ServiceKey) ReadConnection(
        IConfiguration configuration, ClusterStore store, List<string> problems)
    {
        // The order in which Orleans looks.
        string? key = store == ClusterStore.Redis ? NullIfEmpty(configuration[$"{Clustering}:ServiceKey"]) : null;
        string? given = NullIfEmpty(configuration[$"{Clustering}:ConnectionString"]);
        string? name = key ?? (given is null ? NullIfEmpty(configuration[$"{Clustering}:ConnectionName"]) : null);
        string setting = name is null ? $"{Clustering}:ConnectionString" : $"ConnectionStrings:{name}";
        string? connectionString = name is null ? given : NullIfEmpty(configuration.GetConnectionString(name));
        if (connectionString is null)
        {
            problems.Add($"{setting} is empty: it must say how to reach {Describe(store)}, which {Clustering}:ProviderType chooses.");
            return ("", setting, key);
        }

        try
        {
            _ = store == ClusterStore.Redis
                ? ConfigurationOptions.Parse(connectionString).EndPoints.Count
                : new NpgsqlConnectionStringBuilder(connectionString).Port;
        }
        catch (ArgumentException e)
        {
            problems.Add($"{setting} is no connection string of {Describe(store)}: {e.Message}");
        }

        return (connectionString, setting, key);
    }

    /// <summary>As people call it.</summary>
    public static string Describe(ClusterStore store) => store == ClusterStore.Redis ? "Redis" : "PostgreSQL";

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
