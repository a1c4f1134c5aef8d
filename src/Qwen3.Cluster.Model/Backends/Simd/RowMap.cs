namespace Qwen3.Cluster.Model.Backends.Simd;

/// <summary>Where the rows of the tokens of a product lie; the default: one after the other.</summary>
/// <param name="rows">For each token its row; stays where it is while the product runs.</param>
internal readonly unsafe struct RowMap(int* rows)
{
    private readonly int* _rows = rows;

    /// <summary>The row of a token.</summary>
    public nint this[int token] => _rows is null ? token : _rows[token];
}
