namespace Qwen3.Cluster.Silo.Placement;

/// <summary>How many experts fit on a shard. One that already holds more, because a limit was lowered, keeps them but takes on none.</summary>
/// <param name="ExtraPerLayer">Replicas of a layer that a shard may hold beside its even part of the layer's experts, which is rounded up; 0 or more.</param>
/// <param name="PerShard">Experts that a shard may hold over all layers: its memory.</param>
internal readonly record struct ExpertSlots(int ExtraPerLayer, int PerShard = int.MaxValue);
