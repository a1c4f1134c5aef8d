using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime.Hosting;
using Qwen3.Cluster.Contracts.Hosting;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting.Clustering;
using Qwen3.Cluster.Silo.Links;
using Qwen3.Cluster.Silo.Placement;
using Qwen3.Cluster.Silo.Requests;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Adds a silo to a host.</summary>
public static class SiloHostingExtensions
{
    /// <summary>
    /// Adds a silo that serves the models of the configuration's section <c>Qwen3</c>, in the cluster that the sections
    /// <c>Orleans</c> and <c>Qwen3:Cluster</c> describe; without them alone, on this machine's loopback.
    /// The host counts as started when the models answer. Settings that cannot be used stop the start, with messages that name them.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="configure">Changes the settings after the configuration was read.</param>
    public static IHostApplicationBuilder AddQwen3Silo(this IHostApplicationBuilder builder, Action<Qwen3Options>? configure = null)
    {
        IServiceCollection services = builder.Services;
        services.AddOptions<Qwen3Options>()
            .Bind(builder.Configuration.GetSection(Qwen3Options.Section))
            .Configure(options => configure?.Invoke(options))
            .PostConfigure(NameModels)
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<Qwen3Options>, Qwen3OptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<IBackendFactory, SimdBackendFactory>();
        services.AddSingleton<IBackendFactory, ReferenceBackendFactory>();
        services.AddSingleton<BackendCatalog>();
        services.AddSingleton<ModelStore>();
        services.AddSingleton<ModelPortfolio>();
        services.AddSingleton<RouterMeter>();
        services.AddSingleton<ReplicaLoader>();
        services.AddSingleton<NodeShards>();
        services.AddSingleton<IShardDirectory>(provider => provider.GetRequiredService<NodeShards>());
        services.AddSingleton<ShardFinder>();
        services.AddSingleton<NodeInventory>();
        services.AddSingleton<NodeCensus>();
        services.AddPlacementDirector<ModelPlacement, ModelPlacementDirector>();
        services.AddPlacementDirector<NodePlacement, NodePlacementDirector>();
        services.AddGrainDirectory(NodeDirectory.Name, (_, _) => new NodeDirectory());
        AddLinks(builder);
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ModelPreloader>();
        services.AddSingleton<OpenReplies>();
        services.AddSingleton<OpenRequests>();
        services.AddSingleton<ReplicaChooser>();
        services.AddSingleton<IDrainParticipant>(provider => provider.GetRequiredService<OpenReplies>());
        services.AddSingleton<IDrainParticipant>(provider => provider.GetRequiredService<OpenRequests>());
        services.AddSingleton<IDrainParticipant, NodeDrain>();
        services.AddHealthChecks().AddCheck<SiloHealthCheck>("silo");
        builder.AddQwen3Drain();
        builder.AddClusteredSilo();
        return builder;
    }

    private static void AddLinks(IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<LinkOptions>()
            .Bind(builder.Configuration.GetSection(LinkOptions.Section))
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<LinkOptions>, LinkOptionsValidator>();
        builder.Services.AddSingleton(provider => new LinkCatalog(
            provider.GetRequiredService<IOptions<LinkOptions>>().Value,
            provider.GetRequiredService<ILogger<LinkCatalog>>(),
            provider.GetRequiredService<TimeProvider>()));

        // Made when the first shard comes: the silo has its address by then.
        builder.Services.AddSingleton(provider =>
        {
            SiloAddress silo = provider.GetRequiredService<ILocalSiloDetails>().SiloAddress;
            return LinkListener.Start(
                silo.ToParsableString(),
                silo.Endpoint.Address,
                provider.GetRequiredService<IOptions<LinkOptions>>().Value,
                provider.GetRequiredService<IShardDirectory>(),
                provider.GetRequiredService<ILogger<LinkListener>>(),
                provider.GetRequiredService<TimeProvider>());
        });
    }

    private static void NameModels(Qwen3Options options)
    {
        foreach (ModelOptions model in options.Models.Where(model => model.Name.Length == 0))
        {
            model.Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Directory));
        }
    }
}
