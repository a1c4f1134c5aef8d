namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>What the format says about each <see cref="TensorType"/>.</summary>
public static class TensorTypes
{
    private static readonly Dictionary<string, TensorType> ByName = Enum.GetValues<TensorType>().Where(IsNamed).ToDictionary(FormatName, StringComparer.Ordinal);

    /// <summary>Bytes of one element; 1 where the type <see cref="IsBlocked"/>, so that the "elements" of such a tensor are its bytes.</summary>
    public static int Size(this TensorType type) => type switch
    {
        TensorType.F64 or TensorType.I64 or TensorType.U64 => 8,
        TensorType.F32 or TensorType.I32 or TensorType.U32 => 4,
        TensorType.F16 or TensorType.BF16 or TensorType.I16 or TensorType.U16 => 2,
        _ => 1,
    };

    /// <summary>The name in a file's header: <c>BF16</c>, <c>F8_E4M3</c>, <c>BOOL</c>.</summary>
    public static string FormatName(this TensorType type) => type switch
    {
        TensorType.F8E4M3 => "F8_E4M3",
        TensorType.F8E5M2 => "F8_E5M2",
        TensorType.Bool => "BOOL",
        _ => type.ToString(),
    };

    /// <summary>Whether a weight may be stored so: F32, F16, BF16, F8_E4M3, or in blocks.</summary>
    public static bool IsWeight(this TensorType type) =>
        type is TensorType.F32 or TensorType.F16 or TensorType.BF16 or TensorType.F8E4M3 || type.IsBlocked();

    /// <summary>Whether it is one of the safetensors format.</summary>
    public static bool IsSafetensors(this TensorType type) => type <= TensorType.Bool;

    /// <summary>Whether numbers are stored in blocks that share a scale: then a row is no run of elements.</summary>
    public static bool IsBlocked(this TensorType type) => !type.IsSafetensors();

    /// <summary>Whether it is one of <see cref="Quantization.PackedLayout"/>.</summary>
    public static bool IsPacked(this TensorType type) => type is TensorType.Q8 or TensorType.Q4;

    /// <summary>Whether a header of safetensors may name it here: those of the format, and packed ones.</summary>
    internal static bool IsNamed(this TensorType type) => type.IsSafetensors() || type.IsPacked();

    internal static bool TryParse(string? name, out TensorType type)
    {
        type = default;
        return name is not null && ByName.TryGetValue(name, out type);
    }
}
