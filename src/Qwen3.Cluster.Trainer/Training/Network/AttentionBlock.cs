using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Trainer.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>Grouped-query attention with norms on queries and keys. Q = heads · D, KV = key-value heads · D.</summary>
internal sealed class AttentionBlock
{
    private readonly ModelConfig _config;
    private readonly string _prefix;
    private readonly NetworkParameter _input; // [Q + 2 KV, H]: queries, keys and values in one product
    private readonly NetworkParameter _queryNorm; // [D]
    private readonly NetworkParameter _keyNorm; // [D]
    private readonly NetworkParameter _output; // [H, Q]

    public AttentionBlock(ModelConfig config, int layer, SeededRandom random)
    {
        _config = config;
        _prefix = $"model.layers.{layer}.self_attn.";
        int hidden = config.HiddenSize;
        _input = NetworkParameter.Normal($"{_prefix}qkv", random, 1 / Math.Sqrt(hidden), QueryWidth + (2 * KeyWidth), hidden);
        _queryNorm = NetworkParameter.Ones($"{_prefix}q_norm", config.HeadDim);
        _keyNorm = NetworkParameter.Ones($"{_prefix}k_norm", config.HeadDim);
        _output = NetworkParameter.Normal($"{_prefix}o_proj", random, 1 / Math.Sqrt(QueryWidth * 2.0 * config.LayerCount), hidden, QueryWidth);
    }

    public IEnumerable<NetworkParameter> Parameters => [_input, _queryNorm, _keyNorm, _output];

    private int QueryWidth => _config.HeadCount * _config.HeadDim;

    private int KeyWidth => _config.KeyValueHeadCount * _config.HeadDim;

    /// <summary>Attention of x [B, T, H] to itself.</summary>
    /// <param name="x">The normalised hidden states.</param>
    /// <param name="rotary">For rows of T.</param>
    /// <param name="mask">bool [B, 1, T, T]: true where a token (third) sees another (fourth).</param>
    /// <returns>[B, T, H].</returns>
    public Tensor Forward(Tensor x, RotaryAngles rotary, Tensor mask)
    {
        long rows = x.shape[0], length = x.shape[1];
        Tensor[] parts = linear(x, _input.Values).split([QueryWidth, KeyWidth, KeyWidth], dim: -1);
        Tensor Heads(Tensor part) => part.view(rows, length, -1, _config.HeadDim).transpose(1, 2);

        Tensor queries = rotary.Rotate(RmsNorm.Apply(Heads(parts[0]), _queryNorm, _config.RmsNormEpsilon));
        Tensor keys = rotary.Rotate(RmsNorm.Apply(Heads(parts[1]), _keyNorm, _config.RmsNormEpsilon));
        int sharing = _config.HeadCount / _config.KeyValueHeadCount;
        Tensor attended = scaled_dot_product_attention(
            queries, keys.repeat_interleave(sharing, dim: 1), Heads(parts[2]).repeat_interleave(sharing, dim: 1), mask);
        return linear(attended.transpose(1, 2).reshape(rows, length, QueryWidth), _output.Values);
    }

    /// <summary>The weights by Hugging Face's names.</summary>
    public IEnumerable<(string Name, Tensor Values)> Export()
    {
        Tensor[] parts = _input.Values.split([QueryWidth, KeyWidth, KeyWidth], dim: 0);
        return
        [
            ($"{_prefix}q_proj.weight", parts[0]),
            ($"{_prefix}k_proj.weight", parts[1]),
            ($"{_prefix}v_proj.weight", parts[2]),
            ($"{_prefix}q_norm.weight", _queryNorm.Values),
            ($"{_prefix}k_norm.weight", _keyNorm.Values),
            ($"{_prefix}o_proj.weight", _output.Values),
        ];
    }
}
