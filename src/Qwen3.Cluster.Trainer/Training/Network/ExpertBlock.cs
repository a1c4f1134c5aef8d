using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Trainer.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>The mixture of experts: each token goes to the k experts that the gate finds likeliest. I is an expert's width, E their number.</summary>
internal sealed class ExpertBlock
{
    private readonly ModelConfig _config;
    private readonly string _prefix;
    private readonly NetworkParameter _gate; // [E, H]
    private readonly NetworkParameter _input; // [E, H, 2 I]: gate and up projections, transposed
    private readonly NetworkParameter _output; // [E, I, H]: the down projections, transposed

    public ExpertBlock(ModelConfig config, int layer, SeededRandom random)
    {
        _config = config;
        _prefix = $"model.layers.{layer}.mlp.";
        (int experts, int hidden, int width) = (config.ExpertCount, config.HiddenSize, config.MoeIntermediateSize);
        _gate = NetworkParameter.Normal($"{_prefix}gate", random, 1 / Math.Sqrt(hidden), experts, hidden);
        _input = NetworkParameter.Normal($"{_prefix}experts.gate_up", random, 1 / Math.Sqrt(hidden), experts, hidden, 2 * width);

        // The k answers of a token are averaged, more or less, which makes them smaller by √k.
        double spread = Math.Sqrt(config.ExpertsPerToken / (width * 2.0 * config.LayerCount));
        _output = NetworkParameter.Normal($"{_prefix}experts.down", random, spread, experts, width, hidden);
    }

    public IEnumerable<NetworkParameter> Parameters => [_gate, _input, _output];

    /// <summary>Σ weight · expert(x) over the experts of each row of x [N, H].</summary>
    /// <returns>The sums [N, H], and the loss of unevenly used experts: 1 when they are used evenly.</returns>
    public (Tensor Output, Tensor Balance) Forward(Tensor x, GroupedProduct product)
    {
        int choices = _config.ExpertsPerToken;
        long count = x.shape[0];
        Tensor probabilities = linear(x, _gate.Values).softmax(-1);
        (Tensor weights, Tensor experts) = probabilities.topk(choices, dim: -1);
        weights = weights / weights.sum(-1, keepdim: true);

        ExpertOrder order = ExpertOrder.Of(TensorMemory.Longs(experts), choices, _config.ExpertCount);
        using Tensor ends = TensorMemory.FromInts(order.Ends, _config.ExpertCount).to_type(int32);
        Tensor[] halves = product.Compute(x.index_select(0, TensorMemory.FromInts(order.Rows, order.Rows.Length)), _input.Values, ends).chunk(2, dim: -1);
        Tensor answers = product.Compute(silu(halves[0]) * halves[1], _output.Values, ends);
        Tensor bySlot = answers.index_select(0, TensorMemory.FromInts(order.Places, order.Places.Length)).view(count, choices, -1);
        Tensor output = (bySlot * weights.unsqueeze(-1)).sum(1, keepdim: false);
        return (output, BalanceLoss(probabilities, order));
    }

    /// <summary>The weights by Hugging Face's names.</summary>
    public IEnumerable<(string Name, Tensor Values)> Export()
    {
        yield return ($"{_prefix}gate.weight", _gate.Values);
        for (int expert = 0; expert < _config.ExpertCount; expert++)
        {
            string prefix = $"{_prefix}experts.{expert}.";
            Tensor[] halves = _input.Values[expert].chunk(2, dim: -1);
            yield return ($"{prefix}gate_proj.weight", halves[0].t());
            yield return ($"{prefix}up_proj.weight", halves[1].t());
            yield return ($"{prefix}down_proj.weight", _output.Values[expert].t());
        }
    }

    // Switch Transformer's loss (arXiv 2101.03961) as Qwen3-MoE has it, layer by layer: E · Σ share of the choices · mean probability.
    private Tensor BalanceLoss(Tensor probabilities, ExpertOrder order)
    {
        float[] shares = new float[_config.ExpertCount];
        for (int expert = 0, start = 0; expert < shares.Length; start = order.Ends[expert++])
        {
            shares[expert] = (order.Ends[expert] - start) / (float)order.Rows.Length;
        }

        return (probabilities.mean([0]) * TensorMemory.FromFloats(shares, shares.Length)).sum() * _config.ExpertCount;
    }
}
