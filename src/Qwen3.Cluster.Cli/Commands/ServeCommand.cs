using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Gateway.Hosting;
using Qwen3.Cluster.ServiceDefaults;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Hosting.Clustering;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>
/// <c>qwen3 serve</c>: one process of a cluster, which may be its only one, until it is told to stop.
/// Settings come from appsettings.json in the working directory, then the environment, then the command line.
/// </summary>
public static class ServeCommand
{
    private const string ModelsSection = $"{Qwen3Options.Section}:{nameof(Qwen3Options.Models)}";

    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal, Option<bool> verbose)
    {
        Option<NodeRole> role = new("--role")
        {
            Description = "all: grains and the gRPC server; silo: grains alone; gateway: the gRPC server alone, before the silos of its cluster.",
            DefaultValueFactory = _ => NodeRole.All,
        };
        Option<string[]> models = new("--model")
        {
            Description = "A checkpoint's directory or GGUF file; may be given several times, the default model first. "
                + "Without it: the models of the configuration's Qwen3:Models, or the one that comes along.",
        };
        Option<string?> urls = new("--urls")
        {
            Description = $"Where to listen, several with semicolons between them. Without it: the configuration's Urls, or {NodeEndpoints.DefaultUrls}.",
        };
        Option<string[]> settings = new("--set")
        {
            Description = "A setting of the configuration, as Qwen3:Cluster:SiloPort=11111; may be given several times, and overrides files and environment.",
        };
        Command command = new("serve", "Serve models over gRPC.") { role, models, urls, settings };
        ModelArguments arguments = new(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            WebApplicationBuilder builder = WebApplication.CreateBuilder();
            AddDefaults(builder.Configuration, parsed.GetValue(verbose));
            builder.Configuration.AddInMemoryCollection((parsed.GetValue(settings) ?? []).Select(ReadSetting));
            builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
            NodeRole node = parsed.GetValue(role);
            var endpoints = new NodeEndpoints(builder, node, parsed.GetValue(urls));
            builder.AddServiceDefaults();
            AddGrains(builder, node, parsed.GetValue(models) ?? [], parsed.GetValue(settings) ?? [], parsed, arguments);
            if (node != NodeRole.Silo)
            {
                builder.Services.AddQwen3Gateway();
            }

            using var second = new SecondSignal();
            await using WebApplication host = builder.Build();
            host.MapDefaultEndpoints();
            if (node != NodeRole.Silo)
            {
                host.MapQwen3Gateway();
            }

            await host.StartAsync(cancellationToken);
            string place = node == NodeRole.Silo ? DescribeSilo(host.Services) : string.Join(", ", endpoints.GrpcOf(host));
            terminal.OutText.WriteLine($"{await DescribeModels(host.Services)} on {place}");
            terminal.OutText.WriteLine($"health on {endpoints.HealthOf(host)}{ServiceDefaultsExtensions.HealthPath}");
            await HostingAbstractionsHostExtensions.WaitForShutdownAsync(host, cancellationToken);
        });
        return command;
    }

    private static void AddGrains(
        WebApplicationBuilder builder, NodeRole role, string[] given, string[] set, ParseResult parsed, ModelArguments arguments)
    {
        string? option = arguments.FirstGiven(parsed);
        if (role == NodeRole.Gateway)
        {
            builder.AddQwen3ClusterClient();
            if (given.Length > 0 || option is not null)
            {
                throw new UsageException($"{option ?? "--model"} is for the silos of the cluster: --role gateway has no models of its own.");
            }

            return;
        }

        if (given.Length > 0 && set.FirstOrDefault(IsOfModels) is { } ignored)
        {
            throw new UsageException($"--set {ignored} is for models of the configuration, which --model replaces: leave --model out, and give {ModelsSection}:0:Directory too.");
        }

        bool hasConfigured = builder.Configuration.GetSection(ModelsSection).Exists();
        if (given.Length == 0 && hasConfigured && option is not null)
        {
            throw new UsageException($"{option} is for models of the command line; those of the configuration have their own settings.");
        }

        List<ModelOptions> own =
            given.Length > 0 ? [.. given.Select(model => arguments.Read(parsed, model))]
            : hasConfigured ? []
            : [arguments.Read(parsed, null)];
        builder.AddQwen3Silo(options => options.Models = own.Count > 0 ? own : options.Models);
        builder.Services.AddSingleton<IBackendFactory, TorchBackendFactory>();
    }

    private static bool IsOfModels(string setting) => setting.StartsWith($"{ModelsSection}:", StringComparison.OrdinalIgnoreCase);

    private static async Task<string> DescribeModels(IServiceProvider services)
    {
        IReadOnlyList<ModelDescription> models = await services.GetRequiredService<IGrainFactory>().GetGrain<IModelCatalogGrain>(0).List();
        return models.Count > 0 ? string.Join(", ", models.Select(Describe)) : "no model could be loaded yet";
    }

    private static string Describe(ModelDescription model) =>
        $"{model.Name} ({model.Architecture}, {model.Parameters / 1e6:N1} M parameters, {model.ActiveParameters / 1e6:N1} M for each token)";

    private static string DescribeSilo(IServiceProvider services)
    {
        ClusterOptions cluster = services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        ILocalSiloDetails silo = services.GetRequiredService<ILocalSiloDetails>();
        return $"silo {silo.SiloAddress.Endpoint} of cluster {cluster.ClusterId}, for gateways {silo.GatewayAddress?.Endpoint}";
    }

    private static KeyValuePair<string, string?> ReadSetting(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? new(text[..equals], text[(equals + 1)..])
            : throw new UsageException($"--set takes a setting and its value, as Qwen3:Cluster:SiloPort=11111, and not '{text}'.");
    }

    private static void AddDefaults(ConfigurationManager configuration, bool isVerbose)
    {
        // First of the sources, so that every other one overrides it.
        IConfigurationBuilder builder = configuration;
        builder.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData =
            [
                new("Logging:LogLevel:Default", isVerbose ? "Information" : "Warning"),
                new("Logging:LogLevel:Qwen3", "Information"),
                // Advice on the garbage collector, and a false alarm at every start.
                new("Logging:LogLevel:Orleans.Runtime.Silo", "Error"),
                new("Logging:LogLevel:Orleans.Runtime.Watchdog", "Error"),
                // Why a start failed is the command's last line.
                new("Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host", "Critical"),
                // The stack of every attempt to reach a silo that is not there yet, or no longer.
                new("Logging:LogLevel:Orleans.Runtime.Messaging.ConnectionManager", "Error"),
            ],
        });
    }
}
