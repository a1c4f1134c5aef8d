using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>A silo in this process with one model, as <c>qwen3 serve</c> starts it. Loads nothing by itself.</summary>
internal sealed class BenchmarkSilo : IAsyncDisposable
{
    public const string Model = "bench";

    // Tells apart the router's node, which may be without shards, and the others.
    private const string RoleLabel = "benchmark";

    private readonly IHost _host;

    private BenchmarkSilo(IHost host) => _host = host;

    /// <summary>The model's files, opened.</summary>
    public Task<ModelFiles> Files => _host.Services.GetRequiredService<ModelStore>().Open(Model);

    /// <summary>Starts it.</summary>
    /// <param name="port">That silos talk over.</param>
    /// <param name="primaryPort">Of the silo that keeps the list of all; its own: it does.</param>
    /// <param name="directory">The model.</param>
    /// <param name="shards">Shards of the model.</param>
    /// <param name="threads">That compute.</param>
    /// <param name="backend">The back-end's name.</param>
    /// <param name="onlyOthersKeepShards">Whether the silo with the list has none.</param>
    /// <param name="maxWaiting">Requests that may wait.</param>
    public static async Task<BenchmarkSilo> Start(
        int port, int primaryPort, string directory, int shards, int threads, string backend = "simd", bool onlyOthersKeepShards = false, int maxWaiting = 64)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
        [
            new("Qwen3:Cluster:SiloPort", $"{port}"),
            new("Qwen3:Cluster:PrimarySilo", $"127.0.0.1:{primaryPort}"),
        ]);
        builder.Services.AddSingleton<IBackendFactory, WeightlessBackendFactory>();
        builder.AddQwen3Silo(options =>
        {
            options.Preload = false;
            options.WatchInterval = TimeSpan.FromMilliseconds(100);
            options.Models = [new ModelOptions { Name = Model, Directory = directory, Backend = backend, Threads = threads, ExpertShards = shards, MaxWaiting = maxWaiting }];
            if (onlyOthersKeepShards)
            {
                options.Models[0].NodeLabels[RoleLabel] = "shards";
                options.Node.Labels[RoleLabel] = port == primaryPort ? "router" : "shards";
            }
        });
        IHost host = builder.Build();
        await host.StartAsync();
        return new BenchmarkSilo(host);
    }

    /// <summary>A gateway for one request.</summary>
    public IGatewayGrain Gateway() => _host.Services.GetRequiredService<IGrainFactory>().GetGrain<IGatewayGrain>(Guid.NewGuid().ToString("N"));

    /// <summary>The ways to all shards, which are loaded now if they are not, once so many nodes have some each.</summary>
    public async Task<ShardTable> FindShards(int nodes)
    {
        var finder = _host.Services.GetRequiredService<ShardFinder>();
        IExpertMapGrain grain = _host.Services.GetRequiredService<IGrainFactory>().GetGrain<IExpertMapGrain>(Model);
        for (int i = 0; i < 600; i++)
        {
            try
            {
                ExpertMap map = await grain.GetMap(replica: 63);
                int[] counts = [.. map.Shards.GroupBy(shard => shard.Link.Node).Select(node => node.Count())];
                if (counts.Length == nodes && counts.Max() - counts.Min() <= 1)
                {
                    return await finder.Find(Model, map);
                }
            }
            catch (ModelUnavailableException)
            {
                // A node that has just come is not yet known to all.
            }

            await Task.Delay(100);
        }

        throw new InvalidOperationException($"The shards did not spread over {nodes} nodes within a minute.");
    }

    /// <summary>The same shards by links over TCP.</summary>
    public async Task<ShardTable> OverTcp(ShardTable table)
    {
        var links = ActivatorUtilities.CreateInstance<LinkCatalog>(
            _host.Services, new LinkOptions { UnixSockets = false }, _host.Services.GetRequiredService<TimeProvider>());
        return table with { Ways = await Task.WhenAll(table.Ways.Select(async way => way with { Local = null, Link = await links.Get(way.Endpoint.Link) })) };
    }

    /// <summary>The same shards by grain calls.</summary>
    public static ShardTable OverGrains(ShardTable table) =>
        table with { Ways = [.. table.Ways.Select(way => way with { Local = null, Link = null })] };

    /// <summary>A port that nobody listens at.</summary>
    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
