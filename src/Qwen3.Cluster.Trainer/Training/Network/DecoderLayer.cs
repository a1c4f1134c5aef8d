using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Trainer.Data;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>A layer of Qwen3-MoE: attention, then experts, each after a norm and added to its input.</summary>
internal sealed class DecoderLayer
{
    private readonly ModelConfig _config;
    private readonly string _prefix;
    private readonly NetworkParameter _inputNorm; // [H]
    private readonly AttentionBlock _attention;
    private readonly NetworkParameter _postAttentionNorm; // [H]
    private readonly ExpertBlock _experts;

    public DecoderLayer(ModelConfig config, int layer, SeededRandom random)
    {
        _config = config;
        _prefix = $"model.layers.{layer}.";
        _inputNorm = NetworkParameter.Ones($"{_prefix}input_layernorm", config.HiddenSize);
        _attention = new AttentionBlock(config, layer, random);
        _postAttentionNorm = NetworkParameter.Ones($"{_prefix}post_attention_layernorm", config.HiddenSize);
        _experts = new ExpertBlock(config, layer, random);
    }

    public IEnumerable<NetworkParameter> Parameters => [_inputNorm, .. _attention.Parameters, _postAttentionNorm, .. _experts.Parameters];

    /// <summary>The layer's output for x [B, T, H], and the loss of unevenly used experts.</summary>
    public (Tensor Output, Tensor Balance) Forward(Tensor x, RotaryAngles rotary, Tensor mask, GroupedProduct product)
    {
        Tensor attended = x + _attention.Forward(RmsNorm.Apply(x, _inputNorm, _config.RmsNormEpsilon), rotary, mask);
        Tensor normalized = RmsNorm.Apply(attended, _postAttentionNorm, _config.RmsNormEpsilon);
        (Tensor answers, Tensor balance) = _experts.Forward(normalized.view(-1, _config.HiddenSize), product);
        return (attended + answers.view(attended.shape), balance);
    }

    /// <summary>The weights by Hugging Face's names.</summary>
    public IEnumerable<(string Name, Tensor Values)> Export() =>
    [
        ($"{_prefix}input_layernorm.weight", _inputNorm.Values),
        .. _attention.Export(),
        ($"{_prefix}post_attention_layernorm.weight", _postAttentionNorm.Values),
        .. _experts.Export(),
    ];
}
