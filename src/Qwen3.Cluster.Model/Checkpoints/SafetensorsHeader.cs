using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>
/// Reads and checks the header of a safetensors file: 8 bytes with the header's length, JSON with a name, type, shape and byte range for
/// each tensor, then the bytes. As the format demands, the ranges cover all of them, without gaps and without overlaps.
/// Beyond the format, a matrix may be of one of this project's packed types.
/// Source: the format's description and checks in github.com/huggingface/safetensors.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>The format's own limit.</summary>
    public const int LargestBytes = 100_000_000;

    public const int LengthBytes = sizeof(ulong);

    /// <summary>The tensors in the order of their bytes. Only the header is read.</summary>
    public static List<TensorInfo> Read(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return Read(stream, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static List<TensorInfo> Read(FileStream stream, string path)
    {
        Span<byte> start = stackalloc byte[64];
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        LfsPointer.ThrowIfPointer(path, start);
        if (start.Length < LengthBytes)
        {
            throw new CheckpointException($"{path} has {start.Length} bytes, less than the length of a header: download it again.");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length < 2 || length > LargestBytes)
        {
            throw new CheckpointException(
                $"{path} claims a header of {length} bytes, but 2 to {LargestBytes} are possible: it is not a safetensors file, download it again.");
        }

        long fileLength = stream.Length;
        if ((long)length > fileLength - LengthBytes)
        {
            throw new CheckpointException(
                $"{path} is truncated: its header should have {length} bytes, but the file ends after {fileLength - LengthBytes} of them; download it again.");
        }

        byte[] header = new byte[(int)length];
        stream.Position = LengthBytes;
        stream.ReadExactly(header);
        using JsonDocument document = JsonFile.Parse(header, $"The header of {path}");
        return Parse(document.RootElement, path, LengthBytes + (long)length, fileLength);
    }

    private static List<TensorInfo> Parse(JsonElement root, string path, long dataStart, long fileLength)
    {
        List<TensorInfo> tensors = [];
        foreach ((string name, JsonElement entry) in JsonFile.Members(root, $"The header of {path}"))
        {
            if (name != "__metadata__")
            {
                tensors.Add(ParseTensor(name, entry, path, dataStart, fileLength));
            }
        }

        tensors.Sort((a, b) => (a.Offset, a.ByteCount).CompareTo((b.Offset, b.ByteCount)));
        CheckCoverage(tensors, path, dataStart, fileLength);
        return tensors;
    }

    private static TensorInfo ParseTensor(string name, JsonElement entry, string path, long dataStart, long fileLength)
    {
        if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("dtype", out JsonElement dtype)
            || !entry.TryGetProperty("shape", out JsonElement dimensions) || !entry.TryGetProperty("data_offsets", out JsonElement offsets))
        {
            throw Refuse(path, name, "has an entry without dtype, shape and data_offsets");
        }

        if (!TensorTypes.TryParse(JsonFile.Text(dtype), out TensorType type))
        {
            throw Refuse(path, name, $"has the unknown dtype {Shorten(dtype)}; known are {string.Join(", ", Enum.GetValues<TensorType>().Where(TensorTypes.IsNamed).Select(TensorTypes.FormatName))}");
        }

        if (dimensions.ValueKind != JsonValueKind.Array)
        {
            throw Refuse(path, name, $"has the shape {Shorten(dimensions)}, but a list of dimensions was expected");
        }

        int[] shape = new int[dimensions.GetArrayLength()];
        Int128 bytes = type.Size();
        for (int i = 0; i < shape.Length; i++)
        {
            if (!TryGetWhole(dimensions[i], out long dimension) || dimension > int.MaxValue)
            {
                throw Refuse(path, name, $"has the dimension {Shorten(dimensions[i])}, but a whole number from 0 to {int.MaxValue} was expected");
            }

            shape[i] = (int)dimension;
            // Stops far below Int128's end, whatever dimensions follow; a zero among them would not make such a shape sensible.
            bytes *= Math.Max(1, dimension);
            if (bytes > long.MaxValue)
            {
                throw Refuse(path, name, $"has the shape {Shorten(dimensions)}, whose size overflows 64 bits");
            }
        }

        if (offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2
            || !TryGetWhole(offsets[0], out long begin) || !TryGetWhole(offsets[1], out long end) || begin > end)
        {
            throw Refuse(path, name, $"has data_offsets {Shorten(offsets)}, but two ascending whole numbers were expected");
        }

        if (end > fileLength - dataStart)
        {
            throw new CheckpointException(
                $"{path} is truncated: tensor \"{name}\" should end at byte {(Int128)dataStart + end}, but the file has {fileLength} bytes; download it again.");
        }

        if (shape.Contains(0))
        {
            bytes = 0;
        }

        if (type.IsPacked())
        {
            if (shape.Length != 2 || (dataStart + begin) % PackedLayout.ScaleBytes != 0)
            {
                throw Refuse(path, name, $"is {type.FormatName()}, but only a matrix can be, and it must begin at a multiple of {PackedLayout.ScaleBytes} bytes");
            }

            bytes = PackedLayout.ByteCount(type, shape[0], shape[1]);
        }

        if (end - begin != bytes)
        {
            throw Refuse(path, name, $"has {end - begin} bytes, but {type.FormatName()} {TensorInfo.FormatShape(shape)} takes {bytes}");
        }

        return new TensorInfo(name, type, shape, path, dataStart + begin, end - begin);
    }

    private static void CheckCoverage(List<TensorInfo> tensors, string path, long dataStart, long fileLength)
    {
        long position = dataStart;
        string before = "";
        foreach (TensorInfo tensor in tensors)
        {
            if (tensor.Offset < position)
            {
                throw Refuse(path, tensor.Name, $"overlaps \"{before}\": it starts at byte {tensor.Offset}, before that one's end at {position}");
            }

            if (tensor.Offset > position)
            {
                throw Refuse(path, tensor.Name, $"starts at byte {tensor.Offset}, but the bytes described before it end at {position}, and the format has no gaps");
            }

            position = tensor.Offset + tensor.ByteCount;
            before = tensor.Name;
        }

        if (position != fileLength)
        {
            throw new CheckpointException(
                $"{path} has {fileLength} bytes, but its header describes {position}: it is not the file that was uploaded, download it again.");
        }
    }

    private static bool TryGetWhole(JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value) && value >= 0;
    }

    private static CheckpointException Refuse(string path, string tensor, string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}: tensor \"{tensor}\" {what}; the file is damaged, download it again."));

    private static string Shorten(JsonElement element)
    {
        string text = element.GetRawText();
        return text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "...");
    }
}
