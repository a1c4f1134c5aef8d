using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.UnitTests.Checkpoints.Gguf;

public sealed unsafe class GgmlBlocksTests
{
    // The largest error in steps of the type, for numbers of about 1.
    [Theory]
    [InlineData(TensorType.Q8_0, 0.02)]
    [InlineData(TensorType.Q4_0, 0.3)]
    [InlineData(TensorType.Q4_K, 0.2)]
    [InlineData(TensorType.Q5_K, 0.1)]
    [InlineData(TensorType.Q6_K, 0.06)]
    public void The_numbers_are_those_that_were_encoded(TensorType type, double step)
    {
        const int Rows = 3, Columns = 512;
        float[] values = Values(new Random(1), Rows * Columns);
        (byte[] bytes, float[] expected) = GgmlEncoder.Encode(type, values);
        Assert.All(values.Zip(expected), pair => Assert.Equal(pair.First, pair.Second, step));
        fixed (byte* data = bytes)
        {
            TensorView view = new("w", data, type, [Rows, Columns], Columns, bytes, scales: null);
            Assert.Equal(expected, view.ToFloats());

            // Any slice, also from the middle of a block to the middle of another.
            TensorView slice = view.SliceRows(1, 2).SliceColumns(19, 400);
            float[] row = new float[400];
            slice.CopyRowTo(1, row);
            Assert.Equal(expected.AsSpan((2 * Columns) + 19, 400).ToArray(), row);
        }
    }

    [Theory]
    [InlineData(TensorType.Q8_0, TensorType.Q8)]
    [InlineData(TensorType.Q4_0, TensorType.Q4)]
    public void Integers_and_scales_are_packed_as_they_are(TensorType type, TensorType packedType)
    {
        const int Rows = 11, Columns = 160;
        (byte[] bytes, float[] expected) = GgmlEncoder.Encode(type, Values(new Random(2), Rows * Columns));
        if (type == TensorType.Q8_0)
        {
            // No quantiser gives a block whose largest number is 3, or −128: quantised again, the scale would be another.
            bytes.AsSpan(2, 32).Fill(3);
            bytes[34 + 2] = 0x80;
        }

        fixed (byte* data = bytes)
        {
            TensorView view = new("w", data, type, [Rows, Columns], Columns, bytes, scales: null);
            Assert.Equal(packedType, TensorPacker.TypeFor(view));
            Assert.Equal(view.ToFloats(), TensorPacker.Pack(view, packedType).ToFloats());
            TensorView slice = view.SliceRows(2, 9).SliceColumns(64, 40);
            Assert.Equal(slice.ToFloats(), TensorPacker.Pack(slice, packedType).ToFloats());
        }

        Assert.Equal(Rows * Columns, expected.Length);
    }

    [Theory]
    [InlineData(TensorType.Q4_K)]
    [InlineData(TensorType.Q5_K)]
    [InlineData(TensorType.Q6_K)]
    public void Eight_bits_add_little_to_the_error_of_the_K_types(TensorType type)
    {
        float[] values = Values(new Random(3), 64 * 512);
        (byte[] bytes, float[] decoded) = GgmlEncoder.Encode(type, values);
        fixed (byte* data = bytes)
        {
            TensorView view = new("w", data, type, [64, 512], 512, bytes, scales: null);
            float[] packed = TensorPacker.Pack(view, TensorPacker.TypeFor(view)!.Value).ToFloats();
            double before = Math.Sqrt(values.Zip(decoded).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
            double after = Math.Sqrt(values.Zip(packed).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
            TestContext.Current.TestOutputHelper?.WriteLine($"{type}: error × {after / before:0.0000}");
            Assert.True(after / before < 1.05, $"{after / before:0.000}");
        }
    }

    private static float[] Values(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(i => ((2 * random.NextSingle()) - 1) * (1 + (i / 16 % 5)) / 5)];
}
