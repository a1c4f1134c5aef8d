using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Hosting;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Makes a host let its streams end before it stops.</summary>
internal static class DrainExtensions
{
    // For all that follows the drain: grains deactivate, the silo says goodbye, connections close.
    private static readonly TimeSpan StopTimeLimit = TimeSpan.FromSeconds(30);

    /// <summary>Adds the drain, with the settings of section <c>Qwen3</c>. Its participants are the host's <see cref="IDrainParticipant"/>s.</summary>
    public static void AddQwen3Drain(this IHostApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.AddOptions<DrainOptions>()
            .Bind(builder.Configuration.GetSection(Qwen3Options.Section))
            .Validate(
                options => options.DrainTimeLimit >= TimeSpan.Zero && options.DrainTimeLimit <= TimeSpan.FromDays(1),
                "Qwen3:DrainTimeLimit must be zero to one day.")
            .ValidateOnStart();
        services.AddOptions<HostOptions>().Configure<IOptions<DrainOptions>>(
            (host, drain) => host.ShutdownTimeout = drain.Value.DrainTimeLimit + StopTimeLimit);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<DrainState>();
        services.AddHostedService<DrainService>();
    }
}
