namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>The part of a matrix that shares one scale; 128×128 in Qwen's FP8 checkpoints. The last blocks may be partial.</summary>
public readonly record struct BlockSize(int Rows, int Columns)
{
    /// <summary>The shape of a matrix's scales: [blocks down, blocks across].</summary>
    internal int[] Grid(IReadOnlyList<int> matrix) => [(matrix[0] - 1) / Rows + 1, (matrix[1] - 1) / Columns + 1];

    internal bool Fits(IReadOnlyList<int> shape, TensorInfo scales) =>
        shape.Count == 2 && scales.Shape.SequenceEqual(Grid(shape)) && scales.Type is (TensorType.BF16 or TensorType.F16 or TensorType.F32);
}
