using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Silo;

/// <summary>A silo of its own in this process, with the back-end <c>reference</c> and what a test adds.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private TestSilo(IHost host) => Host = host;

    public IHost Host { get; }

    public IGrainFactory Grains => Host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Starts one with the tiny MoE as its only model.</summary>
    public static Task<TestSilo> Start(Action<ModelOptions>? change = null, IBackendFactory? backend = null) => Start(
        options =>
        {
            var model = new ModelOptions { Name = "tiny", Directory = TinyChatModel.Moe.Value, Backend = "reference", CacheTokens = 4096 };
            change?.Invoke(model);
            options.Models = [model];
        },
        backend);

    /// <summary>Starts one with settings of its own.</summary>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="backend">One more back-end.</param>
    /// <param name="configuration">Settings by their full names, as a configuration file has them.</param>
    public static async Task<TestSilo> Start(
        Action<Qwen3Options> configure, IBackendFactory? backend, IEnumerable<KeyValuePair<string, string?>>? configuration = null)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(configuration);
        builder.AddQwen3Silo(configure);
        if (backend is not null)
        {
            builder.Services.AddSingleton(backend);
        }

        IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new TestSilo(host);
    }

    /// <summary>A gateway for one request.</summary>
    public IGatewayGrain Gateway(string? requestId = null) => Grains.GetGrain<IGatewayGrain>(requestId ?? Guid.NewGuid().ToString());

    /// <summary>A router; that of the first replica.</summary>
    public IRouterGrain Router(string model = "tiny", int replica = 0) => Grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, replica).ToString());

    /// <summary>Waits for a state of the router, at most ten seconds.</summary>
    public async Task<RouterStatus> WaitFor(Func<RouterStatus, bool> condition)
    {
        for (int i = 0; ; i++)
        {
            RouterStatus status = await Router().GetStatus();
            if (condition(status) || i == 1000)
            {
                return status;
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync(TestContext.Current.CancellationToken);
        Host.Dispose();
    }
}
