using Qwen3.Cluster.Torch.Loading;
using Qwen3.Cluster.Trainer.Training;
using Qwen3.Cluster.Trainer.Training.Network;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Training;

public class FusedAdamWTests
{
    [Fact]
    public void DoesWhatLibtorchDoes()
    {
        NativeTorch.Load();
        using DisposeScope scope = NewDisposeScope();
        float[] start = [.. Enumerable.Range(0, 37).Select(i => MathF.Sin(i))];
        using NetworkParameter ours = new("ours", TensorMemory.FromFloats(start, start.Length).requires_grad_(true), Decays: true);
        Parameter theirs = new(TensorMemory.FromFloats(start, start.Length));
        FusedAdamW optimizer = new([ours]);
        using optim.Optimizer reference = optim.AdamW([theirs], lr: 0.01, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0.1);
        Tensor slopes = TensorMemory.FromFloats([.. Enumerable.Range(0, 37).Select(i => 0.02f * MathF.Cos(3 * i))], start.Length);
        for (int step = 0; step < 5; step++)
        {
            (ours.Values * slopes * ours.Values).sum().backward();
            optimizer.Step(step, learningRate: 0.01);
            reference.zero_grad();
            (theirs * slopes * theirs).sum().backward();
            reference.step();
        }

        Assert.Equal(TensorMemory.Floats(theirs).ToArray(), TensorMemory.Floats(ours.Values).ToArray(), (a, b) => MathF.Abs(a - b) < 1e-5f);
    }

    [Fact]
    public void LimitsTheNorm()
    {
        NativeTorch.Load();
        using DisposeScope scope = NewDisposeScope();
        using NetworkParameter parameter = NetworkParameter.Ones("ones", 4);
        FusedAdamW optimizer = new([parameter]);
        (parameter.Values * 50).sum().backward();
        Assert.Equal(100, optimizer.Step(step: 0, learningRate: 0.1), 1e-9);
        Assert.All(optimizer.FirstMoments[0], mean => Assert.Equal(0.1f * 0.5f, mean, 1e-6f));
        Assert.All(TensorMemory.Floats(parameter.Values).ToArray(), value => Assert.Equal(0.9f, value, 1e-5f));
    }
}
