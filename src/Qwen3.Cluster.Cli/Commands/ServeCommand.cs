using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Gateway.Hosting;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>
/// <c>qwen3 serve</c>: one process with all the grains and the gRPC server, until it is told to stop.
/// Settings come from appsettings.json in the working directory, then the environment, then the command line.
/// </summary>
public static class ServeCommand
{
    private const string DefaultUrls = "http://127.0.0.1:5080";

    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal, Option<bool> verbose)
    {
        Option<string[]> models = new("--model")
        {
            Description = "A checkpoint's directory; may be given several times, the default model first. "
                + "Without it: the models of the configuration's Qwen3:Models, or the one that comes along.",
        };
        Option<string?> urls = new("--urls")
        {
            Description = $"Where to listen, several with semicolons between them. Without it: the configuration's Urls, or {DefaultUrls}.",
        };
        Command command = new("serve", "Serve models over gRPC.") { models, urls };
        ModelArguments arguments = new(command);
        command.SetAction(async parsed =>
        {
            WebApplicationBuilder builder = WebApplication.CreateBuilder();
            AddDefaults(builder.Configuration, parsed.GetValue(verbose));
            builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
            builder.WebHost.UseUrls(parsed.GetValue(urls) ?? builder.Configuration["urls"] ?? DefaultUrls).UseQwen3Protocol();
            string[] given = parsed.GetValue(models) ?? [];
            bool hasConfigured = builder.Configuration.GetSection($"{Qwen3Options.Section}:{nameof(Qwen3Options.Models)}").Exists();
            if (given.Length == 0 && hasConfigured && arguments.FirstGiven(parsed) is { } option)
            {
                throw new UsageException($"{option} is for models of the command line; those of the configuration have their own settings.");
            }

            List<ModelOptions> own =
                given.Length > 0 ? [.. given.Select(model => arguments.Read(parsed, model))]
                : hasConfigured ? []
                : [arguments.Read(parsed, null)];
            builder.AddQwen3Silo(options => options.Models = own.Count > 0 ? own : options.Models);
            builder.Services.AddQwen3Gateway();
            builder.Services.AddSingleton<IBackendFactory, TorchBackendFactory>();

            await using WebApplication host = builder.Build();
            host.MapQwen3Gateway();
            await host.StartAsync();
            IReadOnlyList<ModelDescription> served = await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IModelCatalogGrain>(0).List();
            string names = served.Count > 0 ? string.Join(", ", served.Select(Describe)) : "no model could be loaded yet";
            terminal.OutText.WriteLine($"{names} on {string.Join(", ", host.Urls)}");
            await HostingAbstractionsHostExtensions.WaitForShutdownAsync(host);
        });
        return command;
    }

    private static string Describe(ModelDescription model) =>
        $"{model.Name} ({model.Architecture}, {model.Parameters / 1e6:N1} M parameters, {model.ActiveParameters / 1e6:N1} M for each token)";

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
            ],
        });
    }
}
