using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.UnitTests.Quantization;

public sealed unsafe class TensorPackerTests
{
    [Theory]
    [InlineData(TensorType.Q8, 1, 1)]
    [InlineData(TensorType.Q8, 9, 130)]
    [InlineData(TensorType.Q4, 1, 1)]
    [InlineData(TensorType.Q4, 9, 130)]
    [InlineData(TensorType.Q4, 16, 256)]
    public void What_is_read_back_is_number_times_scale_where_the_layout_says(TensorType type, int rows, int columns)
    {
        float[] values = Normal(new Random(1), rows * columns);
        TensorView packed = TensorPacker.Pack(TensorView.FromFloats("w", values, rows, columns), type);
        PlainPacked plain = new(type, rows, columns, packed.Data);
        float[] read = packed.ToFloats();
        for (int i = 0; i < read.Length; i++)
        {
            Assert.Equal(plain.Number(i / columns, i % columns) * plain.Scale(i / columns, i % columns), read[i]);
        }

        // A slice is the same numbers.
        TensorView slice = packed.SliceRows(rows / 3, rows - (rows / 3)).SliceColumns(columns / 2, columns - (columns / 2));
        float[] row = new float[slice.Columns];
        for (int i = 0; i < slice.Rows; i++)
        {
            slice.CopyRowTo(i, row);
            Assert.Equal(read.AsSpan((((rows / 3) + i) * columns) + (columns / 2), slice.Columns).ToArray(), row);
        }
    }

    [Fact]
    public void Padding_is_zero()
    {
        TensorView packed = TensorPacker.Pack(TensorView.FromFloats("w", Normal(new Random(2), 9 * 33), 9, 33), TensorType.Q4);
        PlainPacked plain = new(TensorType.Q4, 16, 128, packed.Data);
        for (int row = 0; row < 16; row++)
        {
            for (int column = 0; column < 128; column++)
            {
                if (row >= 9 || column >= 33)
                {
                    Assert.Equal(0, plain.Number(row, column));
                    Assert.Equal(0, column < 64 && row < 9 ? 0 : plain.Scale(row, column));
                }
            }
        }
    }

    [Fact]
    public void Eight_bits_are_the_nearest()
    {
        float[] values = Normal(new Random(3), 64 * 320);
        TensorView packed = TensorPacker.Pack(TensorView.FromFloats("w", values, 64, 320), TensorType.Q8);
        PlainPacked plain = new(TensorType.Q8, 64, 320, packed.Data);
        for (int i = 0; i < values.Length; i++)
        {
            float scale = plain.Scale(i / 320, i % 320);
            Assert.True(MathF.Abs(values[i] - (scale * plain.Number(i / 320, i % 320))) <= (0.5f * scale) + 1e-6f);
        }
    }

    /// <summary>Round to nearest, as ggml's Q4_0 does it: the largest number is exactly −8 steps.</summary>
    [Theory]
    [InlineData("normal", 0.95)]
    [InlineData("uniform", 0.92)]
    [InlineData("heavy tails", 0.975)]
    public void Four_bits_have_less_error_than_rounding_to_the_nearest(string distribution, double atMost)
    {
        const int Rows = 128, Columns = 512;
        Random random = new(4);
        float[] values = distribution switch
        {
            "normal" => Normal(random, Rows * Columns),
            "uniform" => [.. Enumerable.Range(0, Rows * Columns).Select(_ => (2 * random.NextSingle()) - 1)],
            _ => [.. Normal(random, Rows * Columns).Select(x => x * x * x)],
        };
        float[] packed = TensorPacker.Pack(TensorView.FromFloats("w", values, Rows, Columns), TensorType.Q4).ToFloats();
        double searched = 0, nearest = 0;
        for (int first = 0; first < values.Length; first += 32)
        {
            float[] block = values[first..(first + 32)];
            float scale = (float)(Half)(block.MaxBy(MathF.Abs) / -8);
            for (int i = 0; i < 32; i++)
            {
                searched += Math.Pow(block[i] - packed[first + i], 2);
                nearest += Math.Pow(block[i] - (scale * Math.Clamp(MathF.Round(block[i] / scale), -8, 7)), 2);
            }
        }

        double ratio = Math.Sqrt(searched / nearest);
        TestContext.Current.TestOutputHelper?.WriteLine($"{distribution}: {ratio:0.000} of the error of round to nearest");
        Assert.True(ratio < atMost, $"{ratio:0.000}");
    }

    [Fact]
    public void Four_bits_of_a_block_are_never_worse_than_the_nearest()
    {
        Random random = new(5);
        for (int round = 0; round < 500; round++)
        {
            // Blocks of few distinct numbers, one sign, and one that sticks out.
            float[] block = [.. Enumerable.Range(0, 32).Select(i => round % 3 == 0 ? random.Next(-3, 4) : round % 3 == 1 ? random.NextSingle() : i == 7 ? 20f : random.NextSingle())];
            float[] packed = TensorPacker.Pack(TensorView.FromFloats("w", block, 1, 32), TensorType.Q4).ToFloats();
            float scale = (float)(Half)(block.MaxBy(MathF.Abs) / -8);
            double searched = block.Zip(packed).Sum(pair => Math.Pow(pair.First - pair.Second, 2));
            double nearest = block.Sum(x => Math.Pow(x - (scale * Math.Clamp(MathF.Round(x / scale), -8, 7)), 2));
            Assert.True(searched <= (nearest * 1.001) + 1e-9, $"{searched} against {nearest} in round {round}");
        }
    }

    [Fact]
    public void Four_bits_are_within_a_thousandth_of_a_search_among_all_scales()
    {
        Random random = new(6);
        double found = 0, least = 0;
        for (int round = 0; round < 200; round++)
        {
            float[] block = Normal(random, 32);
            float[] packed = TensorPacker.Pack(TensorView.FromFloats("w", block, 1, 32), TensorType.Q4).ToFloats();
            found += block.Zip(packed).Sum(pair => Math.Pow(pair.First - pair.Second, 2));
            float largest = block.Max(MathF.Abs);
            least += Enumerable.Range(0, 1000).Select(i => (i % 2 == 0 ? 1 : -1) * largest / (4 + (0.008 * i)))
                .Min(scale => block.Sum(x => Math.Pow(x - (scale * Math.Clamp(Math.Round(x / scale), -8, 7)), 2)));
        }

        Assert.True(Math.Sqrt(found / least) < 1.001, $"{Math.Sqrt(found / least):0.0000}");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e9f)]
    public void What_a_block_cannot_hold_is_refused(float number)
    {
        float[] values = new float[9 * 64];
        values[(5 * 64) + 40] = number;
        foreach (TensorType type in (TensorType[])[TensorType.Q8, TensorType.Q4])
        {
            string message = Assert.Throws<CheckpointException>(() => TensorPacker.Pack(TensorView.FromFloats("some.weight", values, 9, 64), type)).Message;
            Assert.Contains("some.weight", message);
            Assert.Contains("row 5, columns 32 to 63", message);
            Assert.Contains(type.FormatName(), message);
        }
    }

    private static float[] Normal(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle()))];
}
