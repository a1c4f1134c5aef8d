using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>The weights of one layer's attention. Q = heads · D, KV = key-value heads · D, D = head_dim.</summary>
/// <param name="Query">[Q, H].</param>
/// <param name="Key">[KV, H].</param>
/// <param name="Value">[KV, H].</param>
/// <param name="Output">[H, Q].</param>
/// <param name="QueryNorm">[D], shared by all heads.</param>
/// <param name="KeyNorm">[D], shared by all heads.</param>
public sealed record AttentionWeights(Weight Query, Weight Key, Weight Value, Weight Output, Weight QueryNorm, Weight KeyNorm) : IDisposable
{
    /// <summary>Bytes that they take.</summary>
    public long ByteCount =>
        Query.ByteCount + Key.ByteCount + Value.ByteCount + Output.ByteCount + QueryNorm.ByteCount + KeyNorm.ByteCount;

    /// <summary>Gives the weights of a layer's attention to a back-end.</summary>
    public static AttentionWeights Load(Checkpoint checkpoint, IBackend backend, int layer)
    {
        ModelConfig config = checkpoint.Config;
        int hidden = config.HiddenSize;
        int queries = config.HeadCount * config.HeadDim;
        int keys = config.KeyValueHeadCount * config.HeadDim;
        Weight Take(string name, params int[] shape) =>
            backend.LoadWeight(checkpoint.Get($"model.layers.{layer}.self_attn.{name}.weight", shape));

        return new AttentionWeights(
            Take("q_proj", queries, hidden),
            Take("k_proj", keys, hidden),
            Take("v_proj", keys, hidden),
            Take("o_proj", hidden, queries),
            Take("q_norm", config.HeadDim),
            Take("k_norm", config.HeadDim));
    }

    /// <summary>Frees them.</summary>
    public void Dispose()
    {
        Query.Dispose();
        Key.Dispose();
        Value.Dispose();
        Output.Dispose();
        QueryNorm.Dispose();
        KeyNorm.Dispose();
    }
}
