using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Model.Layers;

/// <summary>What a batch needs of its own while another is in the same layer: its rows' state, and its tokens at the experts.</summary>
internal sealed class Lane : IDisposable
{
    /// <summary>Makes one without rows.</summary>
    public Lane(IBackend backend, IExpertPool experts, ModelConfig config)
    {
        Rotary = new RotaryTable(config);
        Hidden = backend.CreateActivation(config.HiddenSize);
        FeedForward = new MoeLayer(backend, experts, config);
    }

    /// <summary>The rows, where a batch was split into lanes.</summary>
    public StepBatch Half { get; } = new();

    /// <summary>The rows whose logits are wanted, which alone go through all of the last layer.</summary>
    public StepBatch Wanted { get; } = new();

    /// <summary>Cosines and sines of the rows.</summary>
    public RotaryTable Rotary { get; }

    /// <summary>[T, H], the residual stream.</summary>
    public Activation Hidden { get; }

    /// <summary>The tokens at the experts.</summary>
    public MoeLayer FeedForward { get; }

    /// <summary>Frees the buffers.</summary>
    public void Dispose() => Hidden.Dispose();
}
