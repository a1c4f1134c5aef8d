namespace Qwen3.Cluster.Model.Checkpoints.Gguf;

/// <summary>
/// The header of one GGUF file, version 2 or 3: metadata, and where its tensors lie. Every length is checked against the file before anything is read by it.
/// Source: docs/gguf.md of github.com/ggml-org/ggml.
/// </summary>
internal sealed class GgufFile
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int MostDimensions = 4;

    private GgufFile(string path, long length, GgufMetadata metadata, List<TensorInfo> tensors) =>
        (Path, Length, Metadata, Tensors) = (path, length, metadata, tensors);

    public string Path { get; }

    public long Length { get; }

    public GgufMetadata Metadata { get; }

    /// <summary>By the names in the file, dimensions outermost first.</summary>
    public List<TensorInfo> Tensors { get; }

    public static GgufFile Read(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            Span<byte> start = stackalloc byte[64];
            LfsPointer.ThrowIfPointer(path, start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
            stream.Position = 0;
            return Read(new GgufCursor(stream, path), path, stream.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static GgufFile Read(GgufCursor cursor, string path, long length)
    {
        if (cursor.U32() != Magic)
        {
            throw cursor.Refusal("does not begin as a GGUF file does");
        }

        uint version = cursor.U32();
        if (version is not (2 or 3))
        {
            throw new CheckpointException(
                $"{path} is GGUF version {version}, but 2 and 3 with little-endian numbers are read here: take a newer file.");
        }

        // A tensor takes at least its name's length, the number of dimensions, type and offset; a key its length and a value.
        int tensorCount = cursor.Count("tensors", 24);
        int keyCount = cursor.Count("keys", 13);
        GgufMetadata metadata = GgufMetadata.Read(cursor, keyCount, path);
        int alignment = metadata.OptionalInt("general.alignment") ?? 32;
        if (alignment is < 1 or > 1 << 20)
        {
            throw metadata.Wrong("general.alignment", "1 to 1048576");
        }

        List<(string Name, int[] Shape, TensorType Type, ulong Offset)> entries = [];
        for (int i = 0; i < tensorCount; i++)
        {
            entries.Add(ReadTensor(cursor, path));
        }

        long dataStart = (cursor.Position + alignment - 1) / alignment * alignment;
        return new GgufFile(path, length, metadata, [.. entries.Select(entry => Place(entry.Name, entry.Shape, entry.Type, entry.Offset, path, dataStart, length))]);
    }

    private static (string, int[], TensorType, ulong) ReadTensor(GgufCursor cursor, string path)
    {
        string name = cursor.Text("a tensor's name");
        uint dimensions = cursor.U32();
        if (dimensions is < 1 or > MostDimensions)
        {
            throw cursor.Refusal($"gives tensor \"{name}\" {dimensions} dimensions, but 1 to {MostDimensions} are possible");
        }

        // Innermost first in the file.
        int[] shape = new int[dimensions];
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong dimension = cursor.U64();
            shape[i] = dimension is >= 1 and <= int.MaxValue
                ? (int)dimension
                : throw cursor.Refusal($"gives tensor \"{name}\" a dimension of {dimension}, but 1 to {int.MaxValue} are possible");
        }

        uint number = cursor.U32();
        TensorType type = GgmlTypes.Of(number) ?? throw new CheckpointException(
            $"{path}: tensor \"{name}\" is {GgmlTypes.NameOf(number)}, which is not read here: take a file in F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K or Q6_K.");
        return (name, shape, type, cursor.U64());
    }

    private static TensorInfo Place(string name, int[] shape, TensorType type, ulong offset, string path, long dataStart, long length)
    {
        int block = GgmlTypes.BlockLength(type);
        if (shape[^1] % block != 0)
        {
            throw new CheckpointException(
                $"{path}: tensor \"{name}\" has rows of {shape[^1]}, but {type.FormatName()} has blocks of {block}: the file is damaged, download it again.");
        }

        // Stops growing long before Int128's end, and is far too large then.
        Int128 bytes = shape.Aggregate((Int128)GgmlTypes.BlockBytes(type), (product, dimension) => product > long.MaxValue ? product : product * dimension) / block;
        if (dataStart + (Int128)offset + bytes > length)
        {
            throw new CheckpointException(
                $"{path} is truncated: tensor \"{name}\" should end at byte {dataStart + (Int128)offset + bytes}, but the file has {length} bytes; download it again.");
        }

        return new TensorInfo(name, type, shape, path, dataStart + (long)offset, (long)bytes);
    }
}
