using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Hosting.Clustering;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>
/// A cluster of <c>qwen3 serve</c> processes on the loopback, and an Orleans client of it in this process. The client talks to the primary silo,
/// which lives as long as the fleet, so that requests are looked after there whatever happens to the others.
/// </summary>
internal sealed class ProcessFleet : IAsyncDisposable
{
    private const string GatewayPattern = @", for gateways (\S+)$";

    // What takes so long never comes; sixteen processes on two busy cores take a third of it.
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(4);

    private readonly KeyValuePair<string, string>[] _settings;
    private readonly List<NodeProcess> _silos = [];
    private readonly List<NodeProcess> _gateways = [];
    private readonly int _primaryPort = FreePort();
    private IHost? _client;

    private ProcessFleet(IReadOnlyList<ModelOptions> models, IEnumerable<KeyValuePair<string, string>> settings) => _settings =
    [
        .. models.SelectMany(Describe),
        new("Qwen3:Cluster:PrimarySilo", $"127.0.0.1:{_primaryPort}"),
        new("Qwen3:WatchInterval", "00:00:00.2"),
        .. settings,
    ];

    /// <summary>The silos, the primary one first.</summary>
    public IReadOnlyList<NodeProcess> Silos => _silos;

    public IGrainFactory Grains => _client!.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Starts silos, all at once, and the client.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="models">What they serve.</param>
    /// <param name="settings">Of all silos.</param>
    public static async Task<ProcessFleet> Start(int silos, IReadOnlyList<ModelOptions> models, params KeyValuePair<string, string>[] settings)
    {
        ProcessFleet fleet = new(models, settings);
        try
        {
            for (int i = 0; i < silos; i++)
            {
                fleet.Launch();
            }

            await Task.WhenAll(fleet._silos.Select(silo => silo.Ready()));
            await fleet.Connect();
            await fleet.WaitUntil(async () => (await fleet.Nodes()).Count == silos, () => $"{silos} silos should have found each other");
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>The settings of a model as the configuration has them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="i">Its place among the models.</param>
    public static IEnumerable<KeyValuePair<string, string>> Describe(ModelOptions model, int i)
    {
        string section = $"Qwen3:Models:{i}:";
        yield return new(section + nameof(model.Name), model.Name);
        yield return new(section + nameof(model.Directory), model.Directory);
        yield return new(section + nameof(model.ExpertShards), $"{model.ExpertShards}");
        yield return new(section + nameof(model.Replicas), $"{model.Replicas}");
        yield return new(section + nameof(model.Precision), $"{model.Precision}");
        yield return new(section + nameof(model.Threads), $"{model.Threads}");
        yield return new(section + nameof(model.CacheTokens), $"{model.CacheTokens}");
        yield return new(section + nameof(model.MaxBatchTokens), $"{model.MaxBatchTokens}");
        foreach ((string label, string value) in model.NodeLabels)
        {
            yield return new($"{section}{nameof(model.NodeLabels)}:{label}", value);
        }
    }

    /// <summary>Starts one more silo.</summary>
    /// <param name="settings">Its own.</param>
    public async Task<NodeProcess> AddSilo(params KeyValuePair<string, string>[] settings)
    {
        NodeProcess silo = Launch(settings);
        await silo.Ready();
        return silo;
    }

    /// <summary>Starts a process with the gRPC server alone.</summary>
    /// <returns>Where it serves.</returns>
    public async Task<string> AddGateway()
    {
        NodeProcess gateway = NodeProcess.Start(
            $"gateway {_gateways.Count}",
            ["--role", "gateway", "--urls", "http://127.0.0.1:0"],
            _silos.Select((silo, i) => new KeyValuePair<string, string>($"Qwen3:Cluster:Gateways:{i}", silo.Find(GatewayPattern)!)));
        _gateways.Add(gateway);
        await gateway.Ready();
        return gateway.Find(@" on (http://\S+)$")!;
    }

    /// <summary>What the silos say of themselves.</summary>
    public async Task<IReadOnlyList<NodeStatus>> Nodes()
    {
        Dictionary<SiloAddress, SiloStatus> hosts = await Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        return await Task.WhenAll(hosts.Keys.Select(silo => Grains.GetGrain<INodeGrain>(silo.ToParsableString()).GetStatus()));
    }

    /// <summary>Waits until the silos have so many shards of a model, in any order.</summary>
    public Task WaitForShards(string model, params int[] counts) => WaitUntil(
        () => Task.FromResult(ShardsOf(model).Order().SequenceEqual(counts.Order())),
        () => $"The silos should have {string.Join(", ", counts)} shards of {model}, and have {string.Join(", ", ShardsOf(model))}");

    /// <summary>Waits for a condition.</summary>
    public async Task WaitUntil(Func<Task<bool>> condition, Func<string> describe)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeLimit);
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, $"{describe()}, after {TimeLimit}.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.StopAsync(CancellationToken.None);
            _client.Dispose();
        }

        foreach (NodeProcess process in _gateways.Concat(_silos.AsEnumerable().Reverse()))
        {
            await process.DisposeAsync();
        }
    }

    private int[] ShardsOf(string model) => [.. _silos.Where(silo => silo.IsRunning).Select(silo => silo.ShardsOf(model))];

    private NodeProcess Launch(params KeyValuePair<string, string>[] own)
    {
        NodeProcess silo = NodeProcess.Start(
            $"silo {_silos.Count}",
            ["--role", "silo"],
            [.. _settings, new("Qwen3:Cluster:SiloPort", _silos.Count == 0 ? $"{_primaryPort}" : "0"), new("Qwen3:Cluster:GatewayPort", "0"), .. own]);
        _silos.Add(silo);
        return silo;
    }

    private async Task Connect()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new("Qwen3:Cluster:Gateways:0", _silos[0].Find(GatewayPattern))]);
        builder.AddQwen3ClusterClient();
        _client = builder.Build();
        await _client.StartAsync(TestContext.Current.CancellationToken);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
