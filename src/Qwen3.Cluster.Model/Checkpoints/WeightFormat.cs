namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>In which form the projections of a model are used; norms, routers and embeddings always as they are stored.</summary>
public enum WeightFormat
{
    /// <summary>As the checkpoint has them.</summary>
    Stored,

    /// <summary>Eight bits: blocks of 32 with a float16 scale.</summary>
    Q8,

    /// <summary>Four bits: blocks of 32 with a float16 scale; a head of its own in eight.</summary>
    Q4,
}
