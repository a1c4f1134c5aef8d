using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

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
        byte[] header = MakeHeader(ordered);
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

    private static byte[] MakeHeader(List<TensorData> tensors)
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
            foreach (TensorData tensor in tensors)
            {
                Check(tensor, names);
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.FormatName());
                WriteNumbers(json, "shape", tensor.Shape.Select(dimension => (long)dimension));
                WriteNumbers(json, "data_offsets", [offset, offset + tensor.Bytes.Length]);
                json.WriteEndObject();
                offset += tensor.Bytes.Length;
            }

            json.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static void Check(TensorData tensor, HashSet<string> names)
    {
        if (!names.Add(tensor.Name))
        {
            throw new ArgumentException($"The name {tensor.Name} occurs twice.", nameof(tensor));
        }

        long bytes = tensor.Shape.Aggregate((long)tensor.Type.Size(), (product, dimension) => checked(product * dimension));
        if (bytes != tensor.Bytes.Length)
        {
            throw new ArgumentException(
                $"{tensor.Name} has {tensor.Bytes.Length} bytes, but {tensor.Type.FormatName()} {TensorInfo.FormatShape(tensor.Shape)} takes {bytes}.", nameof(tensor));
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
