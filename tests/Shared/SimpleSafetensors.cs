using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;

namespace Qwen3.Cluster.Tests;

/// <summary>
/// A second, independent reader of safetensors for tests: the whole file in memory, every value as a double, one element at a time.
/// It shares no code with the product. Block scales are separate tensors here.
/// </summary>
internal static class SimpleSafetensors
{
    internal sealed record Tensor(string Type, int[] Shape, double[] Values)
    {
        /// <summary>The values as ids: for I64 tensors.</summary>
        public int[] Ids => [.. Values.Select(value => checked((int)value))];

        /// <summary>One row of a matrix.</summary>
        public double[] Row(int row) => Values[(row * Shape[^1])..((row + 1) * Shape[^1])];
    }

    /// <summary>All tensors of a file; of a gzipped one where the name ends in .gz.</summary>
    public static Dictionary<string, Tensor> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (path.EndsWith(".gz", StringComparison.Ordinal))
        {
            using GZipStream unzip = new(new MemoryStream(file), CompressionMode.Decompress);
            using MemoryStream all = new();
            unzip.CopyTo(all);
            file = all.ToArray();
        }

        int start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, start - 8));
        Dictionary<string, Tensor> tensors = [];
        foreach (JsonProperty entry in header.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                continue;
            }

            string type = entry.Value.GetProperty("dtype").GetString()!;
            int[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32())];
            int begin = start + entry.Value.GetProperty("data_offsets")[0].GetInt32(), end = start + entry.Value.GetProperty("data_offsets")[1].GetInt32();
            int count = shape.Aggregate(1, (product, dimension) => product * dimension);
            int size = count == 0 ? 1 : (end - begin) / count;
            tensors.Add(entry.Name, new Tensor(type, shape, [.. Enumerable.Range(0, count).Select(i => Value(file.AsSpan(begin + i * size, size), type))]));
        }

        return tensors;
    }

    private static double Value(ReadOnlySpan<byte> bytes, string type) => type switch
    {
        "F64" => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        "F32" => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        "I64" => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        "F16" => Decode(BinaryPrimitives.ReadUInt16LittleEndian(bytes), exponentBits: 5, mantissaBits: 10),
        "BF16" => Decode(BinaryPrimitives.ReadUInt16LittleEndian(bytes), exponentBits: 8, mantissaBits: 7),
        "F8_E4M3" => (bytes[0] & 0x7F) == 0x7F ? double.NaN : Decode(bytes[0], exponentBits: 4, mantissaBits: 3, hasInfinity: false),
        _ => throw new NotSupportedException(type),
    };

    /// <summary>A small float by the definition: sign, biased exponent, mantissa.</summary>
    public static double Decode(int code, int exponentBits, int mantissaBits, bool hasInfinity = true)
    {
        int bias = (1 << exponentBits - 1) - 1, top = (1 << exponentBits) - 1;
        int exponent = code >> mantissaBits & top;
        double fraction = (code & (1 << mantissaBits) - 1) / (double)(1 << mantissaBits);
        double magnitude = exponent == top && hasInfinity ? (fraction == 0 ? double.PositiveInfinity : double.NaN)
            : exponent == 0 ? fraction * Math.Pow(2, 1 - bias)
            : (1 + fraction) * Math.Pow(2, exponent - bias);
        return (code >> exponentBits + mantissaBits) == 0 ? magnitude : -magnitude;
    }
}
