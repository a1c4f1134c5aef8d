namespace Qwen3.Cluster.Silo.Placement;

/// <summary>A grain whose key is a silo's address lives on that silo, and nowhere when it is gone.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking]
internal sealed class NodePlacement : PlacementStrategy;
