using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Qwen3.Cluster.ServiceDefaults;

/// <summary>
/// What every process of a cluster shows to whoever operates it: telemetry by OTLP and health over HTTP. Of Aspire's template it leaves
/// out service discovery and resilience, which are for HTTP clients: there is none here.
/// </summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Whether everything works: 200 or 503.</summary>
    public const string HealthPath = "/health";

    /// <summary>Whether the process answers at all: 200.</summary>
    public const string AlivePath = "/alive";

    private const string AliveTag = "live";

    /// <summary>
    /// Sends traces, metrics and logs by OTLP if <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to, and adds the check behind <see cref="AlivePath"/>.
    /// OpenTelemetry's own variables, such as <c>OTEL_SERVICE_NAME</c>, hold.
    /// </summary>
    public static IHostApplicationBuilder AddServiceDefaults(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [AliveTag]);
        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            builder.AddTelemetry();
        }

        return builder;
    }

    /// <summary>Maps <see cref="HealthPath"/> and <see cref="AlivePath"/>.</summary>
    public static IEndpointRouteBuilder MapDefaultEndpoints(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks(HealthPath);
        endpoints.MapHealthChecks(AlivePath, new HealthCheckOptions { Predicate = check => check.Tags.Contains(AliveTag) });
        return endpoints;
    }

    private static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddMeter("Qwen3.Cluster", "Microsoft.Orleans")
                .AddAspNetCoreInstrumentation()
                .AddRuntimeInstrumentation())
            .WithTracing(tracing => tracing
                .AddSource("Qwen3.Cluster", "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application")
                .AddAspNetCoreInstrumentation(requests => requests.Filter = context =>
                    !context.Request.Path.StartsWithSegments(HealthPath) && !context.Request.Path.StartsWithSegments(AlivePath)))
            .UseOtlpExporter();
    }
}
