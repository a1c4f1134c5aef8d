using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Trainer.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>
/// Qwen3-MoE in libtorch's operations, with gradients. The mathematics is that of <see cref="Model.Layers.Qwen3Model"/>, which runs what is trained here;
/// a test holds the two together.
/// </summary>
internal sealed class Qwen3Network : IDisposable
{
    private readonly ModelConfig _config;
    private readonly NetworkParameter _embedding; // [V, H], and the head
    private readonly DecoderLayer[] _layers;
    private readonly NetworkParameter _finalNorm; // [H]
    private readonly RotaryAngles _rotary;
    private readonly GroupedProduct _product = new();

    /// <summary>Makes a network with the first weights of a seed.</summary>
    /// <param name="config">Sparse in all layers, the head tied to the embedding.</param>
    /// <param name="rowLength">T, tokens of a row.</param>
    /// <param name="seed">Of the weights.</param>
    public Qwen3Network(ModelConfig config, int rowLength, ulong seed)
    {
        _config = config;
        SeededRandom RandomOf(int place) => new(seed, RandomStream.Weights, (ulong)place);
        _embedding = NetworkParameter.Normal("model.embed_tokens", RandomOf(0), 0.05, config.VocabularySize, config.HiddenSize);
        _layers = [.. Enumerable.Range(0, config.LayerCount).Select(layer => new DecoderLayer(config, layer, RandomOf(layer + 1)))];
        _finalNorm = NetworkParameter.Ones("model.norm", config.HiddenSize);
        _rotary = new RotaryAngles(config, rowLength);
        Parameters = [_embedding, .. _layers.SelectMany(layer => layer.Parameters), _finalNorm];
    }

    /// <summary>All weights, always in the same order.</summary>
    public IReadOnlyList<NetworkParameter> Parameters { get; }

    /// <summary>What a batch costs.</summary>
    /// <returns>
    /// Loss: the mean of −log p of the tokens to be learned. Balance: the mean over the layers of the loss of unevenly used experts, 1 when they are used evenly.
    /// </returns>
    public (Tensor Loss, Tensor Balance) Forward(Batch batch)
    {
        int[] learned = [.. Enumerable.Range(0, batch.Targets.Length).Where(i => batch.Targets[i] != Batch.NoTarget)];
        (Tensor hidden, Tensor balance) = Run(batch);
        Tensor logits = linear(hidden.index_select(0, TensorMemory.FromInts(learned, learned.Length)), _embedding.Values);
        int[] targets = [.. learned.Select(i => batch.Targets[i])];
        return (cross_entropy(logits, TensorMemory.FromInts(targets, targets.Length)), balance);
    }

    /// <summary>The logits of all tokens, [B · T, V].</summary>
    public Tensor ComputeLogits(Batch batch) => linear(Run(batch).Hidden, _embedding.Values);

    /// <summary>The weights by Hugging Face's names.</summary>
    public IEnumerable<(string Name, Tensor Values)> Export() =>
    [
        (TensorCatalog.Embedding, _embedding.Values),
        .. _layers.SelectMany(layer => layer.Export()),
        (TensorCatalog.FinalNorm, _finalNorm.Values),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NetworkParameter parameter in Parameters)
        {
            parameter.Dispose();
        }

        _rotary.Dispose();
        _product.Dispose();
    }

    // Hidden: [B · T, H], after the last norm.
    private (Tensor Hidden, Tensor Balance) Run(Batch batch)
    {
        long[] shape = [batch.RowCount, batch.RowLength];
        Tensor mask = Mask(TensorMemory.FromInts(batch.Segments, shape));
        Tensor ids = TensorMemory.FromInts(batch.Ids, batch.Ids.Length);
        Tensor hidden = _embedding.Values.index_select(0, ids).view([.. shape, _config.HiddenSize]);
        Tensor balance = zeros([], float32);
        foreach (DecoderLayer layer in _layers)
        {
            (hidden, Tensor ofLayer) = layer.Forward(hidden, _rotary, mask, _product);
            balance = balance + (ofLayer / _layers.Length);
        }

        return (RmsNorm.Apply(hidden, _finalNorm, _config.RmsNormEpsilon).view(-1, _config.HiddenSize), balance);
    }

    // A token sees itself and those before it in its own sample.
    private static Tensor Mask(Tensor segments) =>
        segments.unsqueeze(-1).eq(segments.unsqueeze(-2)).tril().unsqueeze(1);
}
