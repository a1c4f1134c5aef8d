using System.Buffers.Binary;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>A tensor to be written.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
/// <param name="Bytes">The elements, little endian, row by row.</param>
public sealed record TensorData(string Name, TensorType Type, IReadOnlyList<int> Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Stores float32 values as F32, F16 or BF16, rounded to the nearest, ties to even.</summary>
    public static TensorData FromFloats(string name, TensorType type, ReadOnlySpan<float> values, params int[] shape)
    {
        byte[] bytes = new byte[checked(values.Length * type.Size())];
        for (int i = 0; i < values.Length; i++)
        {
            switch (type)
            {
                case TensorType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
                    break;
                case TensorType.F16:
                    BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(2 * i), (Half)values[i]);
                    break;
                case TensorType.BF16:
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), FloatConversion.ToBFloat16(values[i]));
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(type), type, "Floats can be stored as F32, F16 or BF16.");
            }
        }

        return new TensorData(name, type, shape, bytes);
    }
}
