using Qwen3.Cluster.Trainer.Data;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>Weights that are trained.</summary>
/// <param name="Name">Unique in the network.</param>
/// <param name="Values">Float32, contiguous, on the CPU; it collects gradients.</param>
/// <param name="Decays">Whether weight decay pulls it towards 0: matrices yes, norms no.</param>
internal sealed record NetworkParameter(string Name, Tensor Values, bool Decays) : IDisposable
{
    /// <summary>A norm's weights: all 1.</summary>
    public static NetworkParameter Ones(string name, int length) => new(name, ones([length], float32, requires_grad: true), Decays: false);

    /// <summary>A matrix, or a stack of them, from a normal distribution.</summary>
    public static NetworkParameter Normal(string name, SeededRandom random, double spread, params long[] shape)
    {
        Tensor values = empty(shape, float32);
        Span<float> numbers = TensorMemory.Floats(values);
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)spread * random.Normal();
        }

        return new NetworkParameter(name, values.requires_grad_(true), Decays: true);
    }

    /// <inheritdoc/>
    public void Dispose() => Values.Dispose();
}
