using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Placement;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Silo;

/// <summary>Silos of one cluster, all in this process: each has its own shards, and reaches those of the others by links.</summary>
internal sealed class TestFleet : IAsyncDisposable
{
    public const string Model = "tiny";

    private readonly Action<ModelOptions>? _change;
    private readonly IReadOnlyList<KeyValuePair<string, string?>> _settings;
    private readonly List<TestSilo> _silos = [];
    private readonly int _primaryPort = FreePort();

    private TestFleet(Action<ModelOptions>? change, IReadOnlyList<KeyValuePair<string, string?>> settings) => (_change, _settings) = (change, settings);

    /// <summary>The silos, in the order in which they were started.</summary>
    public IReadOnlyList<TestSilo> Silos => _silos;

    public IExpertMapGrain Map => _silos[0].Grains.GetGrain<IExpertMapGrain>(Model);

    /// <summary>Starts some silos with the tiny MoE on 8 shards, one after the other.</summary>
    public static async Task<TestFleet> Start(int silos, Action<ModelOptions>? change = null, params KeyValuePair<string, string?>[] settings)
    {
        TestFleet fleet = new(change, settings);
        for (int i = 0; i < silos; i++)
        {
            await fleet.AddSilo();
        }

        return fleet;
    }

    /// <summary>Starts one more.</summary>
    public async Task<TestSilo> AddSilo()
    {
        int port = _silos.Count == 0 ? _primaryPort : FreePort();
        TestSilo silo = await TestSilo.Start(
            options =>
            {
                var model = new ModelOptions { Name = Model, Directory = TinyChatModel.Moe.Value, Backend = "simd", Threads = 1, CacheTokens = 4096, ExpertShards = 8 };
                _change?.Invoke(model);
                options.Models = [model];
                options.WatchInterval = TimeSpan.FromMilliseconds(100);
            },
            backend: null,
            [
                new("Qwen3:Cluster:SiloPort", $"{port}"),
                new("Qwen3:Cluster:PrimarySilo", $"127.0.0.1:{_primaryPort}"),
                .. _settings,
            ]);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>How many shards each silo has in memory.</summary>
    public int[] ShardCounts() => [.. _silos.Select(silo => silo.Host.Services.GetRequiredService<NodeShards>().All.Count())];

    /// <summary>The silo's name in the cluster.</summary>
    public static string NameOf(TestSilo silo) => silo.Host.Services.GetRequiredService<NodeInventory>().Name;

    /// <summary>How many routers each silo has.</summary>
    public int[] RouterCounts() => [.. _silos.Select(silo => silo.Host.Services.GetRequiredService<NodeInventory>().RoutersOf(Model).Count)];

    /// <summary>Stops a silo as SIGTERM does; returns when it has gone.</summary>
    public async Task Stop(TestSilo silo)
    {
        _silos.Remove(silo);
        await silo.DisposeAsync();
    }

    /// <summary>Waits until something holds, at most a minute.</summary>
    public static async Task WaitFor(Func<bool> condition)
    {
        for (int i = 0; i < 1200 && !condition(); i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.True(condition());
    }

    /// <summary>Waits until every silo has a number of shards, at most a minute.</summary>
    public async Task WaitForShards(params int[] counts)
    {
        for (int i = 0; i < 1200 && !ShardCounts().Order().SequenceEqual(counts.Order()); i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal(counts.Order(), ShardCounts().Order());
    }

    public async ValueTask DisposeAsync()
    {
        // The first one keeps the list of all.
        foreach (TestSilo silo in _silos.AsEnumerable().Reverse())
        {
            await silo.DisposeAsync();
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
