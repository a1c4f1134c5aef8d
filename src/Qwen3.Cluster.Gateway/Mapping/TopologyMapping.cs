using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Gateway.Mapping;

/// <summary>From what grains say of the cluster to the proto's messages.</summary>
internal static class TopologyMapping
{
    public static Protos.Topology ToProto(this ClusterTopology topology) => new()
    {
        TakenAt = topology.TakenAt.ToTimestamp(),
        Nodes = { topology.Nodes.Select(ToProto) },
        SilentNodes = { topology.SilentNodes },
        Models = { topology.Models.Select(ToProto) },
    };

    public static Protos.BalanceReport ToProto(this BalanceReport report, string model) => new()
    {
        Model = model,
        ImbalanceBefore = report.ImbalanceBefore,
        ImbalanceAfter = report.ImbalanceAfter,
        ExpertsLoaded = (uint)report.ExpertsLoaded,
        ExpertsReplicated = (uint)report.ExpertsReplicated,
        ChoicesCounted = (ulong)report.ChoicesCounted,
    };

    private static Protos.Node ToProto(NodeStatus node) => new()
    {
        Name = node.Name,
        Host = node.Host,
        ProcessId = (uint)node.ProcessId,
        Version = node.Version,
        StartedAt = node.StartedAt.ToTimestamp(),
        Labels = { node.Labels.ToDictionary() },
        Draining = node.IsDraining,
        Models = { node.Models },
        Problems = { node.Problems },
        Devices = { node.Devices.Select(ToProto) },
    };

    private static Protos.Device ToProto(DeviceStatus device) => new()
    {
        Name = device.Name,
        Kind = device.Kind switch
        {
            DeviceKind.Cpu => Protos.DeviceKind.Cpu,
            DeviceKind.Cuda => Protos.DeviceKind.Cuda,
            _ => throw new UnreachableException($"The device {device.Kind} has no value in the proto."),
        },
        MemoryBytes = (ulong)device.MemoryBytes,
        FreeBytes = (ulong)device.FreeBytes,
        Threads = (uint)device.Threads,
        Shards = { device.Shards.Select(ToProto) },
        Routers = { device.Routers.Select(ToProto) },
    };

    private static Protos.Shard ToProto(HostedShard shard) => new()
    {
        Model = shard.Model,
        Index = (uint)shard.Shard,
        Bytes = (ulong)shard.Bytes,
        Experts = (uint)shard.ExpertCount,
        Choices = (ulong)shard.ChoiceCount,
    };

    private static Protos.Router ToProto(HostedRouter router) => new()
    {
        Model = router.Model,
        Replica = (uint)router.Replica,
        Bytes = (ulong)router.Bytes,
        Running = (uint)router.Status.Running,
        Waiting = (uint)router.Status.Waiting,
        CachePagesUsed = (uint)(router.Status.PageCount - router.Status.FreePages),
        CachePages = (uint)router.Status.PageCount,
    };

    private static Protos.ModelStatus ToProto(ModelStatus model) => new()
    {
        Name = model.Name,
        Experts = model.Experts is { } experts ? ToProto(experts) : null,
        Problem = model.Problem,
    };

    private static Protos.ExpertStatus ToProto(ExpertMapStatus experts) => new()
    {
        MapVersion = (ulong)experts.Version,
        Shards = (uint)experts.ShardCount,
        Replicas = (uint)experts.ReplicaCount,
        Imbalance = experts.Imbalance,
        ExpertsReplicated = (uint)experts.ExpertsReplicated,
        ChoicesCounted = (ulong)experts.ChoicesCounted,
        LoadShares = { experts.LoadShares },
    };
}
