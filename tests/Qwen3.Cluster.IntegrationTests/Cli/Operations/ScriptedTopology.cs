using Google.Protobuf.WellKnownTypes;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Operations;

/// <summary>Clusters that a test makes up.</summary>
internal static class ScriptedTopology
{
    private const ulong GiB = 1UL << 30;

    private static readonly DateTimeOffset Now = new(2026, 11, 3, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Two nodes with one model, whose shard 2 is on its way from the first to the second, which drains.</summary>
    public static Topology TwoNodes() => new()
    {
        TakenAt = Now.ToTimestamp(),
        Nodes =
        {
            new Node
            {
                Name = "10.0.0.7:11111@151234567", Host = "rack-7", ProcessId = 4711, Version = "0.2.0", Labels = { ["zone"] = "a" },
                StartedAt = Now.AddMinutes(-185).ToTimestamp(),
                Devices =
                {
                    new Device
                    {
                        Name = "cpu", Kind = DeviceKind.Cpu, Threads = 2, MemoryBytes = 16 * GiB, FreeBytes = 12 * GiB,
                        Shards = { Shard("big", 0), Shard("big", 1), Shard("big", 2) },
                        Routers = { Router("big", 0, running: 3, waiting: 1), Router("big", 1, running: 0, waiting: 0) },
                    },
                },
            },
            new Node
            {
                Name = "10.0.0.8:11111@151234568", Host = "rack-8", ProcessId = 4712, Version = "0.2.0", Draining = true,
                StartedAt = Now.AddSeconds(-42).ToTimestamp(),
                Devices =
                {
                    new Device
                    {
                        Name = "cuda:0", Kind = DeviceKind.Cuda, Threads = 1, MemoryBytes = 80 * GiB, FreeBytes = 60 * GiB,
                        Shards = { Shard("big", 2), Shard("big", 3) },
                    },
                },
            },
        },
        Models =
        {
            new ModelStatus
            {
                Name = "big",
                Experts = new ExpertStatus
                {
                    MapVersion = 9, Shards = 4, Replicas = 2, Imbalance = 1.284, ExpertsReplicated = 12, ChoicesCounted = 12_345, LoadShares = { 0.1, 0.2, 0.4, 0.3 },
                },
            },
        },
    };

    /// <summary>The same with a model that has no place, one that nobody asked for, and a node that is silent.</summary>
    public static Topology Troubled()
    {
        Topology topology = TwoNodes();
        topology.SilentNodes.Add("10.0.0.9:11111@151234569");
        topology.Nodes[0].Problems.Add("The model 'lost' could not be loaded: there is no directory /models/lost.");
        topology.Models.Add(new ModelStatus
        {
            Name = "huge", Problem = "Shard 3 needs 90 GiB, and no node has more than 60 GiB.",
            Experts = new ExpertStatus { Shards = 8, Replicas = 1, Imbalance = 1 },
        });
        topology.Models.Add(new ModelStatus { Name = "lost" });
        return topology;
    }

    public static Shard Shard(string model, uint index) => new() { Model = model, Index = index, Bytes = GiB, Experts = 1_000 };

    private static Router Router(string model, uint replica, uint running, uint waiting) => new()
    {
        Model = model, Replica = replica, Bytes = GiB, Running = running, Waiting = waiting, CachePagesUsed = running, CachePages = 12,
    };
}
