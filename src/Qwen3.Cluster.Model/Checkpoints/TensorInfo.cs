namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>Where a tensor lies, as its file's header says. The header has been checked: the bytes exist and are the tensor's alone.</summary>
/// <param name="Name">As in the header.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions, outermost first; empty for a scalar.</param>
/// <param name="File">Path of the file.</param>
/// <param name="Offset">First byte, from the start of the file. Not necessarily a multiple of the element's size.</param>
/// <param name="ByteCount">Number of bytes: elements times their size, or blocks times theirs.</param>
public sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<int> Shape, string File, long Offset, long ByteCount)
{
    /// <summary>Numbers in it.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>The shape in brackets, as people write it: <c>[151936, 4096]</c>.</summary>
    public string ShapeText => FormatShape(Shape);

    internal static string FormatShape(IEnumerable<int> shape) => $"[{string.Join(", ", shape)}]";
}
