using Orleans.Placement;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Places a grain by <see cref="NodePlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NodePlacementAttribute() : PlacementAttribute(new NodePlacement());
