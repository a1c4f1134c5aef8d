namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Routers and shards live where their model's expert map says.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking]
internal sealed class ModelPlacement : PlacementStrategy;
