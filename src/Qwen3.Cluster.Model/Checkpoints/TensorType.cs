namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// The element types of the safetensors format, of which only the first four can be weights; then those that store blocks of numbers:
/// this project's packed ones and those of GGUF files.
/// </summary>
public enum TensorType
{
    F32,
    F16,
    BF16,

    /// <summary>8 bits: sign, 4 exponent bits (bias 7), 3 mantissa bits; no infinities, 0x7F and 0xFF are NaN.</summary>
    F8E4M3,

    F8E5M2,
    F64,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,

    /// <summary>Blocks of 32 integers of 8 bits with a float16 scale, interleaved by eight rows: <see cref="Quantization.PackedLayout"/>.</summary>
    Q8,

    /// <summary>Blocks of 32 integers of 4 bits with a float16 scale, interleaved by eight rows: <see cref="Quantization.PackedLayout"/>.</summary>
    Q4,

    /// <summary>ggml's 34 bytes for 32 elements, see <see cref="Gguf.GgmlBlocks"/>; so are the following.</summary>
    Q8_0,
    Q4_0,
    Q4_K,
    Q5_K,
    Q6_K,
}
