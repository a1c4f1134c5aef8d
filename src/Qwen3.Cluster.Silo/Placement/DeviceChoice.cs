using System.Globalization;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>The devices that a model may live on, and the sentences that say why something has no place among them.</summary>
internal sealed class DeviceChoice
{
    private readonly NodeDemand _demand;
    private readonly IReadOnlyList<NodeStatus> _nodes;

    /// <summary>Chooses among the devices of all nodes that are up.</summary>
    /// <param name="nodes">The nodes that are up, draining ones included.</param>
    /// <param name="demand">What the model asks of them.</param>
    /// <param name="promised">Bytes on devices that earlier plans have given away and that are not loaded yet.</param>
    public DeviceChoice(IReadOnlyList<NodeStatus> nodes, NodeDemand demand, IReadOnlyDictionary<DevicePlace, long> promised)
    {
        _demand = demand;
        _nodes = nodes;
        Devices = [.. nodes.Where(node => WhyNot(node) is null)
            .SelectMany(node => node.Devices.Where(IsOfKind).Select(device => (node, device)))
            .Select(pair => new DeviceRoom(
                pair.node, pair.device, promised.GetValueOrDefault(new DevicePlace(pair.node.Name, pair.device.Name))))
            .OrderBy(room => room.Place.Node, StringComparer.Ordinal).ThenBy(room => room.Place.Device, StringComparer.Ordinal)];
    }

    /// <summary>The devices, by the names of node and device.</summary>
    public IReadOnlyList<DeviceRoom> Devices { get; }

    /// <summary>Says why something fits nowhere.</summary>
    /// <param name="what">What has no place: <c>shard 3 of 'X'</c>.</param>
    /// <param name="bytes">Bytes that it needs.</param>
    public string Refuse(string what, long bytes)
    {
        if (Devices.Count == 0)
        {
            return _nodes.Count == 0
                ? $"{what} has no place: no node is up; start one that holds the model."
                : $"{what} has no place: of {Count(_nodes.Count, "node")}, {Reasons()}; start a node that suits, or change what the model asks for.";
        }

        DeviceRoom freest = Devices.MaxBy(device => device.FreeBytes)!;
        int nodes = Devices.Select(device => device.Place.Node).Distinct().Count();
        string which = nodes == 1 ? $"the only node for it, '{freest.Place.Node}'," : $"the freest of {nodes} nodes, '{freest.Place.Node}',";
        string others = nodes == _nodes.Count ? "" : $" (of all {_nodes.Count}, {Reasons()})";
        return $"{what} needs {Size(bytes)}; {which} has {Size(Math.Max(0, freest.FreeBytes))} left on {freest.Place.Device}{others}: add a node, or memory, or serve less.";
    }

    // "1 is draining, 2 cannot open the model"
    private string Reasons() => string.Join(", ", _nodes
        .Select(node => WhyNot(node) ?? (node.Devices.Any(IsOfKind) ? null : $"without a device of the kind {_demand.Kind?.ToString() ?? "asked for"}"))
        .OfType<string>().CountBy(reason => reason).Select(reason => $"{reason.Value} {reason.Key}"));

    private string? WhyNot(NodeStatus node)
    {
        if (node.IsDraining)
        {
            return "draining";
        }

        if (!node.Models.Contains(_demand.Model))
        {
            return $"without '{_demand.Model}' in their settings";
        }

        if (_demand.Fingerprint is { } wanted && node.Fingerprints.GetValueOrDefault(_demand.Model) != wanted)
        {
            return !node.Fingerprints.ContainsKey(_demand.Model) ? $"unable to open the files of '{_demand.Model}'" : $"with another checkpoint of '{_demand.Model}', or other ExpertShards, DenseSlices, Precision or Cache";
        }

        return _demand.Labels.All(label => node.Labels.TryGetValue(label.Key, out string? value) && value == label.Value)
            ? null
            : $"without the labels {string.Join(", ", _demand.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"))}";
    }

    private bool IsOfKind(DeviceStatus device) => _demand.Kind is null || device.Kind == _demand.Kind;

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private static string Size(long bytes) => bytes >= 100_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
}
