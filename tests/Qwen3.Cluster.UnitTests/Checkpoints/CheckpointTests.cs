using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

public sealed class CheckpointTests
{
    public static TheoryData<string> Fixtures => [.. FixtureCheckpoints.Names];

    [Theory, MemberData(nameof(Fixtures))]
    public void Every_tensor_has_the_values_of_an_independent_reader(string name)
    {
        using Checkpoint checkpoint = FixtureCheckpoints.Open(name);
        Dictionary<string, SimpleSafetensors.Tensor> expected = SimpleSafetensors.Read(Path.Combine(FixtureCheckpoints.Directory(name), "model.safetensors"));

        Assert.Equal(expected.Keys.Order(), checkpoint.Tensors.Keys.Order());
        foreach ((string tensor, SimpleSafetensors.Tensor values) in expected)
        {
            double[] wanted = values.Values;
            if (expected.TryGetValue(tensor + "_scale_inv", out SimpleSafetensors.Tensor? scales))
            {
                wanted = [.. wanted.Select((value, i) => value * scales.Values[i / values.Shape[1] / 128 * scales.Shape[1] + i % values.Shape[1] / 128])];
            }

            TensorView view = checkpoint.Get(tensor, values.Shape);
            Assert.Equal(values.Shape, view.Shape);
            Assert.Equal(wanted.Select(value => (float)value), view.ToFloats());
        }
    }

    [Fact]
    public void Expected_values_are_read()
    {
        Dictionary<string, SimpleSafetensors.Tensor> expected = FixtureCheckpoints.Expected("tiny-moe");

        Assert.Equal([1, 17, 200, 42, 42, 255, 0, 99], expected["eight.ids"].Ids);
        Assert.Equal([8, 256], expected["eight.logits"].Shape);
        Assert.Equal(256, expected["eight.logits"].Row(7).Length);
    }
}
