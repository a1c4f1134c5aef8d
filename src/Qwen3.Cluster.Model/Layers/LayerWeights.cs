using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>What the trunk holds of one layer: all but its experts.</summary>
/// <param name="InputNorm">[H], before the attention.</param>
/// <param name="Attention">The attention.</param>
/// <param name="PostAttentionNorm">[H], before the feed-forward block.</param>
/// <param name="Gate">The router's weight [E, H]; null where the feed-forward block is dense.</param>
public sealed record LayerWeights(Weight InputNorm, AttentionWeights Attention, Weight PostAttentionNorm, Weight? Gate) : IDisposable
{
    /// <summary>Gives the weights of a layer to a back-end.</summary>
    public static LayerWeights Load(Checkpoint checkpoint, IBackend backend, int layer)
    {
        ModelConfig config = checkpoint.Config;
        Weight Take(string name, params int[] shape) => backend.LoadWeight(checkpoint.Get($"model.layers.{layer}.{name}.weight", shape));

        return new LayerWeights(
            Take("input_layernorm", config.HiddenSize),
            AttentionWeights.Load(checkpoint, backend, layer),
            Take("post_attention_layernorm", config.HiddenSize),
            config.IsSparse(layer) ? Take("mlp.gate", config.ExpertCount, config.HiddenSize) : null);
    }

    /// <summary>Bytes that they take.</summary>
    public long ByteCount => InputNorm.ByteCount + Attention.ByteCount + PostAttentionNorm.ByteCount + (Gate?.ByteCount ?? 0);

    /// <summary>Frees them.</summary>
    public void Dispose()
    {
        InputNorm.Dispose();
        Attention.Dispose();
        PostAttentionNorm.Dispose();
        Gate?.Dispose();
    }
}
