using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>The operator's service and its client: what grains say reaches them whole, and what they ask reaches the right grain.</summary>
public sealed class OperationsServiceTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Started = new(2026, 11, 3, 4, 5, 6, TimeSpan.Zero);

    private readonly FakeGrains _grains = new();
    private GatewayServer _server = null!;
    private OperationsClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_field_of_a_topology_reaches_the_client()
    {
        _grains.OnTopology = () => new ClusterTopology
        {
            TakenAt = Started.AddHours(1),
            SilentNodes = ["S2"],
            Nodes =
            [
                new NodeStatus
                {
                    Name = "S1", Host = "rack-7", Labels = new Dictionary<string, string> { ["zone"] = "a" }, IsDraining = true, Models = ["tiny"],
                    ProcessId = 17, Version = "0.2", StartedAt = Started, Problems = ["It has no tensors."],
                    Devices =
                    [
                        new DeviceStatus
                        {
                            Name = "cuda:0", Kind = DeviceKind.Cuda, MemoryBytes = 80_000_000_000, FreeBytes = 70_000_000_000, Threads = 2,
                            Shards = [new HostedShard { Model = "tiny", Shard = 3, Bytes = 9_000_000_000, ExpertCount = 752, ChoiceCount = 5_000_000_000 }],
                            Routers =
                            [
                                new HostedRouter
                                {
                                    Model = "tiny", Replica = 1, Bytes = 1_000_000_000,
                                    Status = new RouterStatus { Running = 4, Waiting = 5, FreePages = 60, PageCount = 100 },
                                },
                            ],
                        },
                        new DeviceStatus { Name = "cpu", Kind = DeviceKind.Cpu, Threads = 1 },
                    ],
                },
            ],
            Models =
            [
                new ModelStatus
                {
                    Name = "tiny", Problem = "Shard 4 has no place.",
                    Experts = new ExpertMapStatus
                    {
                        Version = 7, ShardCount = 2, ReplicaCount = 3, Imbalance = 1.5, ExpertsReplicated = 12, ChoicesCounted = 6_000_000_000,
                        LoadShares = [0.25, 0.75],
                    },
                },
                new ModelStatus { Name = "other" },
            ],
        };

        Protos.Topology topology = await _client.GetTopologyAsync(Cancel);

        Assert.Equal(
            new Protos.Topology
            {
                TakenAt = Started.AddHours(1).ToTimestamp(),
                SilentNodes = { "S2" },
                Nodes =
                {
                    new Protos.Node
                    {
                        Name = "S1", Host = "rack-7", Labels = { ["zone"] = "a" }, Draining = true, Models = { "tiny" }, ProcessId = 17, Version = "0.2",
                        StartedAt = Started.ToTimestamp(), Problems = { "It has no tensors." },
                        Devices =
                        {
                            new Protos.Device
                            {
                                Name = "cuda:0", Kind = Protos.DeviceKind.Cuda, MemoryBytes = 80_000_000_000, FreeBytes = 70_000_000_000, Threads = 2,
                                Shards = { new Protos.Shard { Model = "tiny", Index = 3, Bytes = 9_000_000_000, Experts = 752, Choices = 5_000_000_000 } },
                                Routers =
                                {
                                    new Protos.Router
                                    {
                                        Model = "tiny", Replica = 1, Bytes = 1_000_000_000, Running = 4, Waiting = 5, CachePagesUsed = 40, CachePages = 100,
                                    },
                                },
                            },
                            new Protos.Device { Name = "cpu", Kind = Protos.DeviceKind.Cpu, Threads = 1 },
                        },
                    },
                },
                Models =
                {
                    new Protos.ModelStatus
                    {
                        Name = "tiny", Problem = "Shard 4 has no place.",
                        Experts = new Protos.ExpertStatus
                        {
                            MapVersion = 7, Shards = 2, Replicas = 3, Imbalance = 1.5, ExpertsReplicated = 12, ChoicesCounted = 6_000_000_000,
                            LoadShares = { 0.25, 0.75 },
                        },
                    },
                    new Protos.ModelStatus { Name = "other" },
                },
            },
            topology);
        Assert.Contains(0L, _grains.Keys);
    }

    [Theory]
    [InlineData("", "tiny")]
    [InlineData("other", "other")]
    public async Task A_model_is_balanced_and_spread_by_its_own_map(string asked, string answered)
    {
        _grains.OnListNames = () => ["tiny", "other"];
        _grains.OnRebalance = () => new BalanceReport
        {
            ImbalanceBefore = 2.5, ImbalanceAfter = 1.25, ExpertsLoaded = 7, ExpertsReplicated = 8, ChoicesCounted = 9_000_000_000,
        };
        _grains.OnSpread = () => 3;

        Protos.BalanceReport balance = await _client.RebalanceAsync(asked, Cancel);
        Protos.SpreadReport spread = await _client.SpreadAsync(asked, Cancel);

        Assert.Equal(
            new Protos.BalanceReport
            {
                Model = answered, ImbalanceBefore = 2.5, ImbalanceAfter = 1.25, ExpertsLoaded = 7, ExpertsReplicated = 8, ChoicesCounted = 9_000_000_000,
            },
            balance);
        Assert.Equal(new Protos.SpreadReport { Model = answered, ShardsMoved = 3 }, spread);
        Assert.Equal([answered, answered], _grains.Keys.OfType<string>());
    }

    [Fact]
    public async Task A_map_of_a_model_that_is_not_there_is_not_asked()
    {
        Qwen3ClientException refusal = await Assert.ThrowsAsync<Qwen3ClientException>(() => _client.RebalanceAsync("qwen4", Cancel));
        _grains.OnListNames = () => [];
        Qwen3ClientException empty = await Assert.ThrowsAsync<Qwen3ClientException>(() => _client.SpreadAsync(cancellationToken: Cancel));

        Assert.Equal((StatusCode.NotFound, "There is no model 'qwen4' here; there is tiny."), (refusal.StatusCode, refusal.Message));
        Assert.Equal((StatusCode.NotFound, "The cluster has no model."), (empty.StatusCode, empty.Message));
        Assert.Empty(_grains.Keys.OfType<string>());
    }

    [Fact]
    public async Task A_shard_without_a_place_is_told_of_once()
    {
        int calls = 0;
        _grains.OnSpread = () =>
        {
            calls++;
            throw new ModelUnavailableException("tiny", TimeSpan.FromSeconds(1), "Shard 3 needs 9 GB, and there are 2.");
        };

        Qwen3ClientException failure = await Assert.ThrowsAsync<Qwen3ClientException>(() => _client.SpreadAsync("tiny", Cancel));

        Assert.Equal((StatusCode.Unavailable, "Shard 3 needs 9 GB, and there are 2."), (failure.StatusCode, failure.Message));
        Assert.Equal(1, calls);
    }

    public async ValueTask InitializeAsync()
    {
        _server = await GatewayServer.StartAsync(_grains);
        _client = new OperationsClient(_server.Address.ToString());
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _server.DisposeAsync();
    }
}
