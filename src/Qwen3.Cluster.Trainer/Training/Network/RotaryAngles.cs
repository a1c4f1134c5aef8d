using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Layers;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>
/// The rotary embedding of the positions of a row. A sample in the middle of a row does not start at position 0, which changes nothing: what
/// attention sees is the distance between two tokens.
/// </summary>
internal sealed class RotaryAngles : IDisposable
{
    private readonly Tensor _cosines; // [T, D / 2]
    private readonly Tensor _sines; // [T, D / 2]

    public RotaryAngles(ModelConfig config, int rowLength)
    {
        RotaryTable table = new(config);
        table.Prepare([.. Enumerable.Range(0, rowLength)]);
        _cosines = TensorMemory.FromFloats(table.Cosines, rowLength, config.HeadDim / 2);
        _sines = TensorMemory.FromFloats(table.Sines, rowLength, config.HeadDim / 2);
    }

    /// <summary>Turns [B, heads, T, D]: element i of the first half with element i of the second.</summary>
    public Tensor Rotate(Tensor x)
    {
        Tensor[] halves = x.chunk(2, dim: -1);
        return cat([(halves[0] * _cosines) - (halves[1] * _sines), (halves[1] * _cosines) + (halves[0] * _sines)], dim: -1);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cosines.Dispose();
        _sines.Dispose();
    }
}
