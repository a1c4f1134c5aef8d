using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Backends.Simd;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Experts;

public class ExpertLayoutTests
{
    // 3 layers, the second dense; hidden size 64, 16 experts of width 32, 4 for a token, a dense block of width 96.
    private static readonly Lazy<string> Mixed = new(() => RandomCheckpoint.Make(new JsonObject { ["mlp_only_layers"] = new JsonArray(1) }));

    [Theory]
    [InlineData(1, 1, 16)]
    [InlineData(4, 4, 16)]
    [InlineData(7, 7, 1)]
    [InlineData(500, 96, 1)]
    public void Slices_of_a_dense_block_are_its_rows_and_columns_in_order(int asked, int slices, int alignment)
    {
        using Checkpoint checkpoint = Checkpoint.Open(Mixed.Value);
        ExpertLayout layout = ExpertLayout.For(checkpoint.Config, asked);
        using SimdBackend backend = new(1);
        TensorView gate = checkpoint.Get("model.layers.1.mlp.gate_proj.weight", 96, 64);
        TensorView up = checkpoint.Get("model.layers.1.mlp.up_proj.weight", 96, 64);
        TensorView down = checkpoint.Get("model.layers.1.mlp.down_proj.weight", 64, 96);

        Assert.Equal(slices, layout.ExpertCountOf(1));
        Assert.Equal((Math.Max(16, slices), Math.Max(4, slices), 3, 64), (layout.ExpertCount, layout.MaxChoices, layout.LayerCount, layout.HiddenSize));
        int first = 0;
        for (int slice = 0; slice < slices; slice++)
        {
            using ExpertWeights weights = layout.Load(checkpoint, backend, layer: 1, slice);
            int width = weights.Gate.Rows;
            Assert.Equal(0, first % alignment);
            Assert.Equal(96.0 / slices, width, alignment - 0.01);
            Assert.Equal(gate.SliceRows(first, width).ToFloats(), Values(weights.Gate));
            Assert.Equal(up.SliceRows(first, width).ToFloats(), Values(weights.Up));
            Assert.Equal(down.SliceColumns(first, width).ToFloats(), Values(weights.Down));
            first += width;
        }

        Assert.Equal(96, first);
    }

    [Fact]
    public void A_sparse_layer_has_the_experts_of_the_checkpoint()
    {
        using Checkpoint checkpoint = Checkpoint.Open(Mixed.Value);
        ExpertLayout layout = ExpertLayout.For(checkpoint.Config);
        using SimdBackend backend = new(1);

        using ExpertWeights weights = layout.Load(checkpoint, backend, layer: 2, expert: 11);

        Assert.Equal((true, false, 16), (layout.IsSparse(2), layout.IsSparse(1), layout.ExpertCountOf(2)));
        Assert.Equal(checkpoint.Get("model.layers.2.mlp.experts.11.gate_proj.weight", 32, 64).ToFloats(), Values(weights.Gate));
        Assert.Equal(checkpoint.Get("model.layers.2.mlp.experts.11.up_proj.weight", 32, 64).ToFloats(), Values(weights.Up));
        Assert.Equal(checkpoint.Get("model.layers.2.mlp.experts.11.down_proj.weight", 64, 32).ToFloats(), Values(weights.Down));
        Assert.Throws<ArgumentOutOfRangeException>(() => layout.Load(checkpoint, backend, layer: 1, expert: 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExpertLayout.For(checkpoint.Config, denseSlices: 0));
    }

    private static float[] Values(Weight weight)
    {
        float[] values = new float[weight.Rows * weight.Columns];
        for (int row = 0; row < weight.Rows; row++)
        {
            ((SimdWeight)weight).CopyRowTo(row, values.AsSpan(row * weight.Columns, weight.Columns));
        }

        return values;
    }
}
