using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// Writes safetensors files. The same tensors give the same bytes, whatever their order: larger element types first, then by name,
/// as the original library lays them out, so that every tensor is aligned.
/// </summary>
public static class SafetensorsWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes a temporary file beside <paramref name="path"/> and renames it: the file at <paramref name="path"/> is whole or absent.
    /// Throws <see cref="ArgumentException"/> when a name occurs twice or the bytes do not match a shape.
    /// </summary>
    public static void Write(string path, IEnumerable<TensorData> tensors)
    {
        List<TensorData> ordered = [.. tensors.OrderByDescending(tensor => tensor.Type.Size()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)];
        byte[] header = MakeHeader(ordered.Select(tensor => (tensor.Name, tensor.Type, tensor.Shape, (long)tensor.Bytes.Length)), alignment: 8);
        string partial = path + ".partial";
        try
        {
            using (FileStream stream = new(partial, FileMode.Create, FileAccess.Write))
            {
                Span<byte> length = stackalloc byte[SafetensorsHeader.LengthBytes];
                BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
                stream.Write(length);
                stream.Write(header);
                foreach (TensorData tensor in ordered)
                {
                    stream.Write(tensor.Bytes.Span);
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    /// <summary>The JSON of a header whose tensors follow each other, padded so that the first begins at a multiple of a number of bytes.</summary>
    /// <param name="tensors">In the order of their bytes.</param>
    /// <param name="alignment">A multiple of 8.</param>
    internal static byte[] MakeHeader(IEnumerable<(string Name, TensorType Type, IReadOnlyList<int> Shape, long ByteCount)> tensors, int alignment)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            HashSet<string> names = new(StringComparer.Ordinal) { "__metadata__" };
            long offset = 0;
            foreach ((string Name, TensorType Type, IReadOnlyList<int> Shape, long ByteCount) tensor in tensors)
            {
                Check(tensor.Name, tensor.Type, tensor.Shape, tensor.ByteCount, names);
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.FormatName());
                WriteNumbers(json, "shape", tensor.Shape.Select(dimension => (long)dimension));
                WriteNumbers(json, "data_offsets", [offset, offset + tensor.ByteCount]);
                json.WriteEndObject();
                offset += tensor.ByteCount;
            }

            json.WriteEndObject();
        }

        while ((SafetensorsHeader.LengthBytes + buffer.Length) % alignment != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static void Check(string name, TensorType type, IReadOnlyList<int> shape, long byteCount, HashSet<string> names)
    {
        if (!names.Add(name))
        {
            throw new ArgumentException($"The name {name} occurs twice.", nameof(name));
        }

        long bytes = type.IsPacked()
            ? PackedLayout.ByteCount(type, shape[0], shape[1])
            : shape.Aggregate((long)type.Size(), (product, dimension) => checked(product * dimension));
        if (bytes != byteCount)
        {
            throw new ArgumentException(
                $"{name} has {byteCount} bytes, but {type.FormatName()} {TensorInfo.FormatShape(shape)} takes {bytes}.", nameof(byteCount));
        }
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
