using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

public sealed class TensorViewTests
{
    private static readonly float[] Numbers = [.. Enumerable.Range(0, 12).Select(i => (float)i)];

    [Fact]
    public void A_matrix_has_rows_and_a_vector_is_one()
    {
        TensorView matrix = TensorView.FromFloats("m", Numbers, 3, 4), vector = TensorView.FromFloats("v", Numbers, 12);

        Assert.Equal((3, 4, 4L, true), (matrix.Rows, matrix.Columns, matrix.RowStride, matrix.IsContiguous));
        Assert.Equal((1, 12, 12L, true), (vector.Rows, vector.Columns, vector.RowStride, vector.IsContiguous));
        Assert.Equal([12], vector.Shape);
        Assert.Equal(Numbers, vector.ToFloats());
        float[] row = new float[4];
        matrix.CopyRowTo(2, row);
        Assert.Equal([8, 9, 10, 11], row);
    }

    [Fact]
    public void Slices_share_the_memory_and_keep_the_distance_of_the_rows()
    {
        TensorView matrix = TensorView.FromFloats("m", Numbers, 3, 4);

        TensorView rows = matrix.SliceRows(1, 2), columns = matrix.SliceColumns(1, 2), both = rows.SliceColumns(2, 2);

        Assert.Equal([4, 5, 6, 7, 8, 9, 10, 11], rows.ToFloats());
        Assert.Equal([1, 2, 5, 6, 9, 10], columns.ToFloats());
        Assert.Equal([6, 7, 10, 11], both.ToFloats());
        Assert.Equal((4L, false), (columns.RowStride, columns.IsContiguous));
        unsafe
        {
            Assert.Equal(24, both.Data - matrix.Data);
        }
    }

    [Fact]
    public void Nothing_outside_can_be_asked_for()
    {
        TensorView matrix = TensorView.FromFloats("m", Numbers, 3, 4);

        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SliceRows(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SliceRows(-1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SliceColumns(1, int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SliceColumns(4, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.CopyRowTo(3, new float[4]));
        Assert.Throws<ArgumentException>(() => matrix.CopyRowTo(0, new float[5]));
        Assert.Throws<ArgumentException>(() => matrix.CopyTo(new float[11]));
        Assert.Throws<ArgumentException>(() => TensorView.FromFloats("m", Numbers, 3, 5));
    }

    /// <summary>Slices that start and end inside of blocks, with each type of scale, against the definition.</summary>
    [Theory]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.F32)]
    public void Slices_of_a_block_scaled_matrix_keep_their_scales(TensorType scaleType)
    {
        const int Rows = 16, Columns = 8, BlockRows = 5, BlockColumns = 3;
        using CheckpointBuilder builder = CheckpointBuilder.Dense();
        string name = TensorCatalog.Embedding;
        byte[] codes = [.. Enumerable.Range(0, Rows * Columns).Select(i => (byte)(i * 7 % 127 + (i % 2) * 128))];
        float[] scales = [.. Enumerable.Range(0, 4 * 3).Select(i => (i + 1) / 8f)];
        builder.Config["quantization_config"] = System.Text.Json.Nodes.JsonNode.Parse($$"""{"quant_method": "fp8", "weight_block_size": [{{BlockRows}}, {{BlockColumns}}]}""");
        builder.Replace(new TensorData(name, TensorType.F8E4M3, [Rows, Columns], codes))
            .Replace(TensorData.FromFloats(name + "_scale_inv", scaleType, scales, 4, 3)).Write();

        using Checkpoint checkpoint = Checkpoint.Open(builder.Directory);
        TensorView whole = checkpoint.Get(name, Rows, Columns);

        Assert.True(whole.IsBlockScaled);
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                float expected = FloatConversion.FromE4M3(codes[row * Columns + column]) * scales[row / BlockRows * 3 + column / BlockColumns];
                TensorView one = whole.SliceRows(row, 1).SliceColumns(column, 1), corner = whole.SliceColumns(column, Columns - column).SliceRows(row, Rows - row);
                Assert.Equal([expected], one.ToFloats());
                Assert.Equal(expected, corner.ToFloats()[0]);
                Assert.Equal(expected, whole.ToFloats()[row * Columns + column]);
            }
        }
    }
}
