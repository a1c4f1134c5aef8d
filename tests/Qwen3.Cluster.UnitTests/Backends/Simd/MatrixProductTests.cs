using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.UnitTests.Backends.Simd;

public unsafe class MatrixProductTests
{
    // Weight rows, columns, tokens: whole tiles, every tail of them, and rows so long that few tokens fit in the cache.
    public static TheoryData<int, int, int> Shapes
    {
        get
        {
            TheoryData<int, int, int> shapes = [];
            foreach (int rows in (int[])[1, 2, 3, 4, 5, 7, 18])
            {
                foreach (int columns in (int[])[1, 15, 16, 17, 100])
                {
                    foreach (int tokens in (int[])[1, 2, 3, 4, 5, 7, 9])
                    {
                        shapes.Add(rows, columns, tokens);
                    }
                }
            }

            shapes.Add(5, 20_000, 9);
            return shapes;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void It_is_the_product_of_plain_loops_and_has_the_same_bits_in_every_width_and_cut(int rows, int columns, int tokens)
    {
        Random random = new(HashCode.Combine(rows, columns));
        float[] inputs = Numbers(random, tokens * columns);
        foreach (bool isBFloat16 in (bool[])[false, true])
        {
            using SimdWeight weight = Weight(random, rows, columns, isBFloat16, out float[] values);
            Assert.Equal(isBFloat16 && rows > 1, weight.IsBFloat16);
            foreach (bool add in (bool[])[false, true])
            {
                float[] expected = Product(weight, inputs, tokens, add, LaneWidth.Bits128, cuts: []);
                for (int i = 0; i < expected.Length; i++)
                {
                    (int token, int row) = (i / rows, i % rows);
                    double exact = add ? Before(i) : 0;
                    for (int k = 0; k < columns; k++)
                    {
                        exact += (double)inputs[(token * columns) + k] * values[(row * columns) + k];
                    }

                    Assert.Equal(exact, expected[i], 2e-6 * (columns + 1));
                }

                foreach (LaneWidth width in Enum.GetValues<LaneWidth>())
                {
                    Assert.Equal(expected, Product(weight, inputs, tokens, add, width, cuts: []));
                    Assert.Equal(expected, Product(weight, inputs, tokens, add, width, cuts: [rows / 3, rows / 2]));
                }
            }
        }
    }

    private static float Before(int place) => (place % 13) - 6;

    private static float[] Product(SimdWeight weight, float[] inputs, int tokens, bool add, LaneWidth width, int[] cuts)
    {
        using SimdActivation input = new(weight.Columns), output = new(weight.Rows);
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

        var product = new MatrixProduct
        {
            Weight = weight, Input = input.Data, InputStride = input.Stride, TokenCount = tokens, Output = output.Data,
            OutputStride = output.Stride, Add = add, Width = width,
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

    private static SimdWeight Weight(Random random, int rows, int columns, bool isBFloat16, out float[] values)
    {
        values = Numbers(random, rows * columns);
        if (!isBFloat16)
        {
            return new SimdWeight(TensorView.FromFloats("w", values, rows, columns));
        }

        ushort[] halves = GC.AllocateUninitializedArray<ushort>(values.Length, pinned: true);
        for (int i = 0; i < values.Length; i++)
        {
            halves[i] = (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
            values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
        }

        fixed (ushort* data = halves)
        {
            return new SimdWeight(new TensorView("w", (byte*)data, TensorType.BF16, [rows, columns], columns, halves, null));
        }
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
}
