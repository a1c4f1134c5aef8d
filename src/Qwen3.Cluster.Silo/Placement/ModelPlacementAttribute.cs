using Orleans.Placement;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Places a grain by <see cref="ModelPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ModelPlacementAttribute() : PlacementAttribute(new ModelPlacement());
