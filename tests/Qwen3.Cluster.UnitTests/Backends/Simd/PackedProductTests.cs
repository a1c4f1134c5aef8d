using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Quantization;
using Qwen3.Cluster.UnitTests.Quantization;

namespace Qwen3.Cluster.UnitTests.Backends.Simd;

/// <summary>Equality of bits with plain loops: exact integers in a block, then one fused multiply-add a block.</summary>
public sealed unsafe class PackedProductTests
{
    public static TheoryData<TensorType, int, int> Shapes
    {
        get
        {
            TheoryData<TensorType, int, int> shapes = [];
            foreach (TensorType type in (TensorType[])[TensorType.Q8, TensorType.Q4])
            {
                foreach (int rows in (int[])[1, 7, 8, 9, 16, 17, 24, 40])
                {
                    foreach (int columns in (int[])[1, 16, 17, 31, 33, 128, 129, 300, 640])
                    {
                        shapes.Add(type, rows, columns);
                    }
                }
            }

            return shapes;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void It_has_the_bits_of_plain_loops_with_all_instructions_and_cuts(TensorType type, int rows, int columns)
    {
        Random random = new(HashCode.Combine(rows, columns));
        using PackedWeight weight = new(TensorPacker.Pack(TensorView.FromFloats("w", Numbers(random, rows * columns), rows, columns), type));
        CheckAll(weight, new PlainPacked(type, rows, columns, weight.Group(0)), Numbers(random, 9 * columns));
    }

    [Theory]
    [InlineData(TensorType.Q8)]
    [InlineData(TensorType.Q4)]
    public void The_largest_products_do_not_overflow(TensorType type)
    {
        const int Rows = 16, Columns = 256;
        using PackedWeight weight = new(TensorPacker.Pack(TensorView.FromFloats("w", Numbers(new Random(1), Rows * Columns), Rows, Columns), type));

        // −128, which no quantiser here gives but a foreign file may hold, and both ends of a nibble.
        for (int group = 0; group < 2; group++)
        {
            for (int superblock = 0; superblock < 2; superblock++)
            {
                byte* bytes = weight.Group(group) + (superblock * weight.SuperblockBytes) + PackedLayout.ScaleBytes;
                new Span<byte>(bytes, weight.SuperblockBytes - PackedLayout.ScaleBytes).Fill(type == TensorType.Q8 ? (byte)0x80 : group == 0 ? (byte)0xFF : (byte)0);
            }
        }

        float[] inputs = [.. Enumerable.Range(0, 9 * Columns).Select(i => i / Columns % 3 == 0 ? 1f : i / Columns % 3 == 1 ? -1f : (i % 2) - 0.5f)];
        CheckAll(weight, new PlainPacked(type, Rows, Columns, weight.Group(0)), inputs);
    }

    [Theory]
    [InlineData(TensorType.Q8)]
    [InlineData(TensorType.Q4)]
    public void A_slice_that_begins_where_a_group_and_a_superblock_do_is_used_where_it_lies(TensorType type)
    {
        const int Rows = 40, Columns = 640;
        TensorView whole = TensorPacker.Pack(TensorView.FromFloats("w", Numbers(new Random(2), Rows * Columns), Rows, Columns), type);
        Assert.False(PackedWeight.Fits(whole.SliceRows(4, 8)));
        Assert.False(PackedWeight.Fits(whole.SliceColumns(32, 128)));
        TensorView slice = whole.SliceRows(8, 20).SliceColumns(128, 300);
        Assert.True(PackedWeight.Fits(slice));
        using PackedWeight weight = new(slice);
        using PackedWeight copy = new(TensorPacker.Pack(TensorView.FromFloats("c", slice.ToFloats(), 20, 300), TensorType.Q8));
        float[] inputs = Numbers(new Random(3), 2 * 300);
        float[] expected = Product(copy, inputs, 2, add: false, ByteDots.Portable, []);
        float[] given = Product(weight, inputs, 2, add: false, ByteDots.Portable, []);
        Assert.All(expected.Zip(given), pair => Assert.Equal(pair.First, pair.Second, 0.2));
    }

    [Fact]
    public void A_number_that_is_none_is_not_hidden()
    {
        using PackedWeight weight = new(TensorPacker.Pack(TensorView.FromFloats("w", Numbers(new Random(4), 8 * 64), 8, 64), TensorType.Q8));
        float[] inputs = Numbers(new Random(5), 64);
        inputs[40] = float.NaN;
        foreach (ByteDots dots in ByteDotsOfMachine.Supported)
        {
            Assert.All(Product(weight, inputs, 1, add: false, dots, []), value => Assert.True(float.IsNaN(value)));
        }
    }

    private static void CheckAll(PackedWeight weight, PlainPacked plain, float[] inputs)
    {
        foreach (int tokens in (int[])[1, 2, 3, 4, 5, 9])
        {
            foreach (bool add in (bool[])[false, true])
            {
                float[] expected = new float[tokens * weight.Rows];
                for (int i = 0; i < expected.Length; i++)
                {
                    float dot = plain.Dot(i % weight.Rows, inputs.AsSpan(i / weight.Rows * weight.Columns, weight.Columns));
                    expected[i] = add ? Before(i) + dot : dot;
                }

                foreach (ByteDots dots in ByteDotsOfMachine.Supported)
                {
                    Assert.Equal(expected, Product(weight, inputs, tokens, add, dots, cuts: []));
                    Assert.Equal(expected, Product(weight, inputs, tokens, add, dots, cuts: weight.Rows > 16 ? [16] : []));
                }
            }
        }
    }

    private static float Before(int place) => (place % 13) - 6;

    private static float[] Product(PackedWeight weight, float[] inputs, int tokens, bool add, ByteDots dots, int[] cuts)
    {
        using ComputeTeam team = new(1);
        using SimdActivation input = new(weight.Columns), output = new(weight.Rows);
        using AlignedBuffer scratch = new(PackedProduct.ScratchLength(tokens));
        input.Resize(tokens);
        output.Resize(tokens);
        for (int token = 0; token < tokens; token++)
        {
            inputs.AsSpan(token * weight.Columns, weight.Columns).CopyTo(input.Values(token));
            for (int row = 0; row < weight.Rows; row++)
            {
                output.Values(token)[row] = Before((token * weight.Rows) + row);
            }
        }

        PackedProduct product = new()
        {
            Weight = weight, Input = input.Quantized(team), TokenCount = tokens, Output = output.Data, OutputStride = output.Stride, Add = add, Dots = dots,
            Scratch = [scratch],
        };
        int first = 0;
        foreach (int end in cuts.Append(weight.Rows))
        {
            product.Run(0, first, end);
            first = end;
        }

        float[] result = new float[tokens * weight.Rows];
        for (int token = 0; token < tokens; token++)
        {
            output.Values(token).CopyTo(result.AsSpan(token * weight.Rows));
            Assert.All(new Span<float>(output.Row(token) + weight.Rows, (int)output.Stride - weight.Rows).ToArray(), padding => Assert.Equal(0, padding));
        }

        return result;
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
}
