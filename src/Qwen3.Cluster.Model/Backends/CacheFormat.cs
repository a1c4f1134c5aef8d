namespace Qwen3.Cluster.Model.Backends;

/// <summary>How the numbers of keys and values are kept. Arithmetic is in float32 all the same.</summary>
public enum CacheFormat
{
    /// <summary>float32: nothing is lost.</summary>
    F32,

    /// <summary>bfloat16, the nearest: half of the bytes. What a model in bfloat16 was trained with.</summary>
    BF16,

    /// <summary>Eight bits and one float32 scale for each key and each value of a head: a quarter of the bytes.</summary>
    Q8,
}
