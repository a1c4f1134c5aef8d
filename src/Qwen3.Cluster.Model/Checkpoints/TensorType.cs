namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>The element types of the safetensors format. Only the first four can be weights.</summary>
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
}
