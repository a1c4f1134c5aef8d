using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.UnitTests.Experts;

public sealed class ActivationPrecisionsTests
{
    [Theory]
    [InlineData(ActivationPrecision.Float32, 4)]
    [InlineData(ActivationPrecision.BFloat16, 2)]
    public void Rounded_values_go_over_the_wire_without_loss(ActivationPrecision precision, int size)
    {
        var random = new Random(2);
        float[] values = [.. Enumerable.Range(0, 133).Select(_ => (random.NextSingle() - 0.5f) * MathF.Exp(20 * random.NextSingle()))];
        float[] original = [.. values], decoded = new float[values.Length];
        byte[] bytes = new byte[size * values.Length];

        precision.Round(values);
        precision.Encode(values, bytes);
        precision.Decode(bytes, decoded);

        Assert.Equal(size, precision.Size());
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), decoded.Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(precision == ActivationPrecision.Float32, original.SequenceEqual(values));
        Assert.All(values.Zip(original), pair => Assert.Equal(pair.Second, pair.First, MathF.Abs(pair.Second) / 256));
    }
}
