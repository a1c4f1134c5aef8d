using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>The norm of Qwen3's layers and heads.</summary>
internal static class RmsNorm
{
    /// <summary>x [..., D] / √(mean of its squares + epsilon) · weight [D].</summary>
    public static Tensor Apply(Tensor x, NetworkParameter weight, double epsilon) =>
        x * (x.square().mean([-1], keepdim: true) + epsilon).rsqrt() * weight.Values;
}
