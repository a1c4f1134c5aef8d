namespace Qwen3.Cluster.Silo.Placement;

/// <summary>A change of a layer's packing that takes load off one shard, the relieved one.</summary>
/// <param name="Expert">The expert of the relieved shard that it is about.</param>
/// <param name="Target">The shard that gets it; null: none, the relieved shard's copy is dropped and others take its tokens.</param>
/// <param name="Stays">Whether the relieved shard keeps it too, so that it is replicated once more.</param>
/// <param name="Displaced">The expert that makes room for it on the target; null: none has to.</param>
/// <param name="Swaps">Whether the displaced expert goes to the relieved shard; else it has copies elsewhere, and this one is dropped.</param>
internal readonly record struct PackingChange(int Expert, int? Target, bool Stays, int? Displaced, bool Swaps)
{
    /// <summary>Experts that shards have to load for it, 0 to 2.</summary>
    public int Loads => Target is null ? 0 : Swaps ? 2 : 1;

    /// <summary>Carries it out.</summary>
    public void ApplyTo(LayerPacking packing, int relieved)
    {
        if (!Stays)
        {
            packing.Remove(Expert, relieved);
        }

        if (Target is not { } target)
        {
            return;
        }

        if (Displaced is { } displaced)
        {
            packing.Remove(displaced, target);
            if (Swaps)
            {
                packing.Add(displaced, relieved);
            }
        }

        packing.Add(Expert, target);
    }
}
