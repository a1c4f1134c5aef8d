using System.Net;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.IntegrationTests.Cli;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Hosting;

/// <summary>Two silos and a gateway, each a process of the built program, over each kind of store; none of them knows where grains land.</summary>
public class FleetTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FormsOverRedis()
    {
        using RedisServer redis = await RedisServer.StartAsync();
        await FormsAndAnswers(redis.Settings);
    }

    [Fact]
    public async Task FormsOverPostgresWhoseTablesItMakes()
    {
        using PostgresServer postgres = await PostgresServer.StartAsync();
        await FormsAndAnswers(postgres.Settings);
    }

    [Fact]
    public async Task FormsWithoutAStoreAroundItsFirstSilo()
    {
        int port = FreePort();
        using NodeProcess first = await Silo("--set", $"Qwen3:Cluster:SiloPort={port}").ReadyAsync();
        using NodeProcess second = Silo("--set", $"Qwen3:Cluster:PrimarySilo=127.0.0.1:{port}");
        using NodeProcess gateway = Gateway("--set", $"Qwen3:Cluster:Gateways:0={first.Address}");
        await Answers(await gateway.ReadyAsync());
        await IsHealthy(await second.ReadyAsync());
    }

    [Fact]
    public async Task AGatewayWaitsForItsFirstSiloAndSaysSo()
    {
        int port = FreePort();
        using NodeProcess gateway = Gateway("--set", $"Qwen3:Cluster:Gateways:0=127.0.0.1:{port}");
        await LogHas(gateway, "Waiting for a silo of the cluster");
        using NodeProcess silo = Silo("--set", $"Qwen3:Cluster:GatewayPort={port}");
        await Answers(await gateway.ReadyAsync());
    }

    [Fact]
    public async Task AGatewayGivesUpAfterItsTimeInOneSentence()
    {
        using NodeProcess gateway = Gateway(
            "--set", $"Qwen3:Cluster:Gateways:0=127.0.0.1:{FreePort()}", "--set", "Qwen3:Cluster:ConnectTimeLimit=00:00:01");
        Assert.Equal(ExitCode.Failure, await gateway.ExitCodeAsync());
        Assert.Contains("qwen3: No silo of the cluster answered within 1 s (Qwen3:Cluster:ConnectTimeLimit): ", gateway.Log);
        Assert.DoesNotContain("   at ", gateway.Log);
    }

    [Theory]
    [InlineData("Redis", "ConnectionString=127.0.0.1:{0},connectTimeout=1000")]
    [InlineData("AdoNet", "ConnectionString=Host=127.0.0.1;Port={0};Username=qwen3")]
    public async Task AStoreThatIsNotThereIsNamedInOneSentence(string provider, string connection)
    {
        using NodeProcess silo = Silo(
            "--set", $"Orleans:Clustering:ProviderType={provider}", "--set", "Orleans:Clustering:Invariant=Npgsql",
            "--set", $"Orleans:Clustering:{string.Format(null, connection, FreePort())}");
        Assert.Equal(ExitCode.Failure, await silo.ExitCodeAsync());
        Assert.Contains("which keeps the list of the cluster's silos, cannot be used: ", silo.Log);
        Assert.Contains("Orleans:Clustering:ConnectionString says where it is.", silo.Log);
        Assert.DoesNotContain("   at ", silo.Log);
    }

    private static async Task FormsAndAnswers(string[] settings)
    {
        using NodeProcess first = Silo(settings), second = Silo(settings), gateway = Gateway(settings);
        await Task.WhenAll(first.ReadyAsync(), second.ReadyAsync(), gateway.ReadyAsync());
        await Answers(gateway);
        await IsHealthy(first);
        await IsHealthy(second);

        // A silo that goes in good order leaves the cluster whole.
        second.Terminate();
        Assert.Equal(ExitCode.Success, await second.ExitCodeAsync());
        await Answers(gateway);
        gateway.Terminate();
        Assert.Equal(ExitCode.Success, await gateway.ExitCodeAsync());
    }

    private static async Task Answers(NodeProcess gateway)
    {
        CommandRun run = await CommandRun.Of(["chat", "Hello", "--server", gateway.Address, "--max-tokens", "5"]);
        Assert.True(run.ExitCode == ExitCode.Success, $"{run.Error}\n{gateway.Log}");
        Assert.Contains("tokens/s", run.Error);
        await IsHealthy(gateway);
    }

    private static async Task IsHealthy(NodeProcess node)
    {
        using var http = new HttpClient();
        Assert.Equal("Healthy", await http.GetStringAsync(node.Health, Cancel));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(node.Health, "/alive"), Cancel)).StatusCode);
    }

    private static async Task LogHas(NodeProcess node, string text)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (!node.Log.Contains(text, StringComparison.Ordinal))
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private static NodeProcess Silo(params string[] settings) =>
        NodeProcess.Start(["silo", "--model", TinyChatModel.Moe.Value, "--set", "Qwen3:Cluster:AdvertisedAddress=127.0.0.1", .. settings]);

    private static NodeProcess Gateway(params string[] settings) => NodeProcess.Start(["gateway", "--urls", "http://127.0.0.1:0", .. settings]);

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
