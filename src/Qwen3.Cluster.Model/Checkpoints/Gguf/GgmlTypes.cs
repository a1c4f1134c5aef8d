namespace Qwen3.Cluster.Model.Checkpoints.Gguf;

/// <summary>The tensor types of a GGUF file that can be read here: ggml's numbers for them, and how many elements share how many bytes.</summary>
internal static class GgmlTypes
{
    private static readonly Dictionary<uint, string> Others = new()
    {
        [3] = "Q4_1", [6] = "Q5_0", [7] = "Q5_1", [9] = "Q8_1", [10] = "Q2_K", [11] = "Q3_K", [15] = "Q8_K", [16] = "IQ2_XXS", [17] = "IQ2_XS",
        [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL", [21] = "IQ3_S", [22] = "IQ2_S", [23] = "IQ4_XS", [24] = "I8", [25] = "I16", [26] = "I32",
        [27] = "I64", [28] = "F64", [29] = "IQ1_M", [34] = "TQ1_0", [35] = "TQ2_0", [39] = "MXFP4",
    };

    /// <summary>What a number stands for; null when it is not read here.</summary>
    public static TensorType? Of(uint number) => number switch
    {
        0 => TensorType.F32,
        1 => TensorType.F16,
        2 => TensorType.Q4_0,
        8 => TensorType.Q8_0,
        12 => TensorType.Q4_K,
        13 => TensorType.Q5_K,
        14 => TensorType.Q6_K,
        30 => TensorType.BF16,
        _ => null,
    };

    /// <summary>ggml's name for a number that is not read here.</summary>
    public static string NameOf(uint number) => Others.TryGetValue(number, out string? name) ? name : $"number {number}";

    /// <summary>Elements of a block; 1 where there are no blocks.</summary>
    public static int BlockLength(TensorType type) => type switch
    {
        TensorType.Q8_0 or TensorType.Q4_0 => 32,
        TensorType.Q4_K or TensorType.Q5_K or TensorType.Q6_K => 256,
        _ => 1,
    };

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes(TensorType type) => type switch
    {
        TensorType.Q8_0 => 34,
        TensorType.Q4_0 => 18,
        TensorType.Q4_K => 144,
        TensorType.Q5_K => 176,
        TensorType.Q6_K => 210,
        _ => type.Size(),
    };
}
