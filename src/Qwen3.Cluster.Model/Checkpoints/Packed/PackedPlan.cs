using System.Security.Cryptography;
using System.Text;
using Qwen3.Cluster.Model.Quantization;

namespace Qwen3.Cluster.Model.Checkpoints.Packed;

/// <summary>
/// Which tensors of a checkpoint a packed file holds, in which type and where: it follows from the checkpoint alone. The projections of attention and
/// feed-forward blocks, and a head of its own in eight bits; norms, routers and the embedding stay as they are, in the checkpoint's own files.
/// </summary>
internal sealed class PackedPlan
{
    /// <summary>Changes when files of before must not be read any more.</summary>
    private const int Version = 2;

    private PackedPlan(TensorType type, IReadOnlyList<(TensorInfo Source, TensorType Type, long Offset)> tensors, long length, byte[] key) =>
        (Type, Tensors, Length, Key) = (type, tensors, length, key);

    /// <summary>Bytes before the first tensor: <see cref="Magic"/>, the key, the checksum of what follows.</summary>
    public const int HeaderBytes = 64;

    /// <summary>The first bytes of a packed file.</summary>
    public static ReadOnlySpan<byte> Magic => "QWEN3PACKED\0\0\0\0\0"u8;

    /// <summary>Q8 or Q4, as it was asked for.</summary>
    public TensorType Type { get; }

    /// <summary>The tensors, in the order of the file. A multiple of 64 bytes each.</summary>
    public IReadOnlyList<(TensorInfo Source, TensorType Type, long Offset)> Tensors { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long Length { get; }

    /// <summary>Of this version, the type, the source's files with their lengths and times, and every tensor: 32 bytes.</summary>
    public byte[] Key { get; }

    /// <summary>Makes the plan of a checkpoint whose tensors have been checked.</summary>
    public static PackedPlan Of(ModelConfig config, IReadOnlyDictionary<string, TensorInfo> tensors, IEnumerable<string> files, TensorType type)
    {
        StringBuilder text = new();
        text.Append(Version).Append(' ').Append(type).Append('\n');
        foreach (FileInfo file in files.Order(StringComparer.Ordinal).Select(path => new FileInfo(path)))
        {
            text.Append(file.Name).Append(' ').Append(file.Length).Append(' ').Append(file.LastWriteTimeUtc.Ticks).Append('\n');
        }

        List<(TensorInfo, TensorType, long)> planned = [];
        long offset = HeaderBytes;
        foreach (ExpectedTensor expected in TensorCatalog.Expected(config).Where(IsPacked))
        {
            TensorInfo source = tensors[expected.Name];
            TensorType packed = expected.Name == TensorCatalog.Head ? TensorType.Q8 : type;
            planned.Add((source, packed, offset));
            offset += PackedLayout.ByteCount(packed, source.Shape[0], source.Shape[1]);
            text.Append(source.Name).Append(' ').Append(source.Type).Append(' ').Append(source.ShapeText).Append('\n');
        }

        return new PackedPlan(type, planned, offset, SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Whether a tensor of a model is one that is packed.</summary>
    public static bool IsPacked(ExpectedTensor tensor) =>
        tensor.Shape.Length == 2 && (tensor.Name.EndsWith("_proj.weight", StringComparison.Ordinal) || tensor.Name == TensorCatalog.Head);
}
