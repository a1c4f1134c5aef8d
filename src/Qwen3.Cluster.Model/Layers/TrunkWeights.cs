using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>All weights but the experts: what one replica of the trunk holds.</summary>
/// <param name="Embedding">[V, H].</param>
/// <param name="Layers">One for each layer.</param>
/// <param name="FinalNorm">[H].</param>
/// <param name="Head">[V, H]; the embedding itself where the two are tied.</param>
public sealed record TrunkWeights(Weight Embedding, IReadOnlyList<LayerWeights> Layers, Weight FinalNorm, Weight Head) : IDisposable
{
    /// <summary>Bytes that a step reads whatever its tokens are.</summary>
    public long StepBytes => Layers.Sum(layer => layer.ByteCount) + FinalNorm.ByteCount + Head.ByteCount;

    /// <summary>Gives the trunk of a checkpoint to a back-end.</summary>
    public static TrunkWeights Load(Checkpoint checkpoint, IBackend backend)
    {
        ModelConfig config = checkpoint.Config;
        Weight embedding = backend.LoadWeight(checkpoint.Get("model.embed_tokens.weight", config.VocabularySize, config.HiddenSize));

        // Tied weights win over a stored duplicate of the head, as they do in the original.
        Weight head = config.TieWordEmbeddings
            ? embedding
            : backend.LoadWeight(checkpoint.Get("lm_head.weight", config.VocabularySize, config.HiddenSize));
        return new TrunkWeights(
            embedding,
            [.. Enumerable.Range(0, config.LayerCount).Select(layer => LayerWeights.Load(checkpoint, backend, layer))],
            backend.LoadWeight(checkpoint.Get("model.norm.weight", config.HiddenSize)),
            head);
    }

    /// <summary>Frees them.</summary>
    public void Dispose()
    {
        Embedding.Dispose();
        foreach (LayerWeights layer in Layers)
        {
            layer.Dispose();
        }

        FinalNorm.Dispose();
        if (!ReferenceEquals(Head, Embedding))
        {
            Head.Dispose();
        }
    }
}
