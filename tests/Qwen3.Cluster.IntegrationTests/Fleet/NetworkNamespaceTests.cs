using System.Net.Sockets;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>Silos with network stacks and addresses of their own, as on several machines: the tokens are those of one process.</summary>
[Collection(nameof(ProcessFleets))]
public sealed class NetworkNamespaceTests
{
    private const int Machines = 3;

    [Fact]
    public async Task ThreeMachinesGiveTheTokensOfOneProcess()
    {
        await using NetworkNamespaces network = await Network();
        await AskFleet(network);
    }

    [Fact]
    public async Task DelayAndLossChangeNoToken()
    {
        LossySwitch lossy = new(TimeSpan.FromMilliseconds(1), loss: 0.01);
        await using NetworkNamespaces network = await Network(lossy);
        await AskFleet(network);
        Assert.True(lossy.Lost > 10, $"{lossy.Lost} frames were lost, {lossy.Passed} passed");
    }

    private static async Task<NetworkNamespaces> Network(LossySwitch? lossy = null)
    {
        (NetworkNamespaces? network, string refusal) = await NetworkNamespaces.TryCreate(Machines, lossy);
        Assert.SkipWhen(network is null, $"This machine does not allow network namespaces: {refusal}");
        return network!;
    }

    private static async Task AskFleet(NetworkNamespaces network)
    {
        ModelOptions model = FleetModels.MoeOfTwoReplicas;
        string directory = Directory.CreateTempSubdirectory("qwen3-").FullName;
        List<NodeProcess> nodes = [];
        try
        {
            // The tests are in another network: what they reach is a socket in the file system.
            string socket = Path.Combine(directory, "grpc");
            for (int i = 0; i < Machines; i++)
            {
                string[] arguments = i == 0 ? ["--role", "all", "--urls", $"http://unix:{socket}"] : ["--role", "silo"];
                nodes.Add(NodeProcess.Start($"machine {i}", arguments, [.. ProcessFleet.Describe(model, 0), .. Settings(i)], network.PrefixOf(i)));
            }

            await Task.WhenAll(nodes.Select(node => node.Ready()));
            await WaitForShards(nodes, model.Name, 2, 3, 3);
            using Qwen3Client client = new("http://machine-0", channel => channel.HttpHandler = Through(socket));
            await Workload.AskAll(
                "over a network",
                Workload.OneProcess(model.Directory),
                (i, cancel) => ReplyTrace.Of(client.GenerateAsync(Workload.Request(i, model.Name), cancel), cancel));

            string[] log = [.. nodes.SelectMany(node => node.Lines)];
            Assert.Contains(log, line => line.Contains($"The link to node {NetworkNamespaces.AddressOf(1)}", StringComparison.Ordinal));
            Assert.Contains(log, line => line.Contains($"The link to node {NetworkNamespaces.AddressOf(2)}", StringComparison.Ordinal));
            Assert.DoesNotContain(log, line => line.Contains("grain calls", StringComparison.Ordinal));
        }
        finally
        {
            foreach (NodeProcess node in nodes)
            {
                await node.DisposeAsync();
            }

            Directory.Delete(directory, recursive: true);
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Settings(int machine) =>
    [
        new("Qwen3:Cluster:AdvertisedAddress", NetworkNamespaces.AddressOf(machine)),
        new("Qwen3:Cluster:SiloPort", "11111"),
        new("Qwen3:Cluster:GatewayPort", "30000"),
        new("Qwen3:Cluster:PrimarySilo", $"{NetworkNamespaces.AddressOf(0)}:11111"),
        new("Qwen3:Links:UnixSockets", "false"), // They would join the machines past their network.
        new("Qwen3:WatchInterval", "00:00:00.2"),
    ];

    private static async Task WaitForShards(List<NodeProcess> nodes, string model, params int[] counts)
    {
        for (int i = 0; i < 4800 && !Counts().SequenceEqual(counts); i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal(counts, Counts());

        IEnumerable<int> Counts() => nodes.Select(node => node.ShardsOf(model)).Order();
    }

    private static SocketsHttpHandler Through(string path) => new()
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
