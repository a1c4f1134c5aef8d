using System.Buffers.Binary;
using System.Text;

namespace Qwen3.Cluster.Model.Checkpoints.Gguf;

/// <summary>
/// Reads the numbers and texts at the start of a GGUF file, little endian. Nothing is reserved for a length that the rest of the file could not hold.
/// </summary>
internal sealed class GgufCursor(Stream stream, string path)
{
    // Far beyond any name or template.
    private const int LongestText = 16 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _number = new byte[sizeof(ulong)];

    /// <summary>Bytes from the file's start.</summary>
    public long Position => stream.Position;

    /// <summary>Bytes to the file's end.</summary>
    public long Left => stream.Length - stream.Position;

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public float F32() => BitConverter.UInt32BitsToSingle(U32());

    public double F64() => BitConverter.UInt64BitsToDouble(U64());

    /// <summary>How many things follow.</summary>
    /// <param name="what">For the message.</param>
    /// <param name="leastBytes">What each takes at least.</param>
    public int Count(string what, int leastBytes)
    {
        ulong count = U64();
        if (count > (ulong)(Left / leastBytes) || count > int.MaxValue)
        {
            throw Refusal($"claims {count} {what}, more than its {stream.Length} bytes can hold");
        }

        return (int)count;
    }

    public string Text(string what)
    {
        ulong length = U64();
        if (length > LongestText || length > (ulong)Left)
        {
            throw Refusal($"claims {length} bytes for {what}, but {Math.Min(LongestText, Left)} are possible at byte {Position}");
        }

        byte[] bytes = new byte[(int)length];
        stream.ReadExactly(bytes);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Refusal($"has bytes that are no UTF-8 in {what}, before byte {Position}");
        }
    }

    public CheckpointException Refusal(string what) => new($"{path} {what}: the file is damaged, download it again.");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (Left < count)
        {
            throw Refusal($"ends at byte {stream.Length}, in the middle of its header");
        }

        stream.ReadExactly(_number.AsSpan(0, count));
        return _number.AsSpan(0, count);
    }
}
