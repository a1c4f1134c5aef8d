using System.Buffers.Binary;
using System.IO.Hashing;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// What stands before the content of each frame: 56 bytes, little-endian.
/// <code>
///  0 magic u32     4 version u16   6 kind u8   7 precision u8   8 content's length u32   12 layer u32
/// 16 sequence u64                 24 call u64
/// 32 rows u32     36 choices u32  40 sections u32               44 hidden size u32       48 checksum u64
/// </code>
/// </summary>
/// <remarks>The checksum is the XXH3 of the first 48 bytes, seeded with the XXH3 of the content: so a large content is hashed where nobody waits.</remarks>
internal readonly record struct FrameHeader
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 56;

    /// <summary>Of frames and handshake alike; both sides must have the same one.</summary>
    public const ushort Version = 1;

    private const uint Magic = 0x314C_3351; // "Q3L1"
    private const int ChecksumOffset = 48;

    public required FrameKind Kind { get; init; }

    public required ActivationPrecision Precision { get; init; }

    /// <summary>Bytes of the content.</summary>
    public required int ContentLength { get; init; }

    /// <summary>0 to layers − 1.</summary>
    public required int Layer { get; init; }

    /// <summary>0 for the first frame of a direction, then always one more.</summary>
    public ulong Sequence { get; init; }

    /// <summary>A reply has that of its request.</summary>
    public required ulong Call { get; init; }

    /// <summary>Rows of inputs; 0 but in a request.</summary>
    public required int Rows { get; init; }

    /// <summary>Pairs of row and expert; each gets an output.</summary>
    public required int Choices { get; init; }

    /// <summary>Shards; 0 but in a request.</summary>
    public required int Sections { get; init; }

    /// <summary>H, the length of an input or output.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Fills the first <see cref="Size"/> bytes of a frame.</summary>
    /// <param name="destination">[≥ <see cref="Size"/>].</param>
    /// <param name="contentHash">By <see cref="Hash"/>.</param>
    public void Write(Span<byte> destination, ulong contentHash)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], Version);
        destination[6] = (byte)Kind;
        destination[7] = (byte)Precision;
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], ContentLength);
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], Layer);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Call);
        BinaryPrimitives.WriteInt32LittleEndian(destination[32..], Rows);
        BinaryPrimitives.WriteInt32LittleEndian(destination[36..], Choices);
        BinaryPrimitives.WriteInt32LittleEndian(destination[40..], Sections);
        BinaryPrimitives.WriteInt32LittleEndian(destination[44..], HiddenSize);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[ChecksumOffset..], Checksum(destination, contentHash));
    }

    /// <summary>Reads a header whose content has not come yet: nothing of it is to be trusted but its length, which is within the limit.</summary>
    /// <param name="source">[≥ <see cref="Size"/>].</param>
    /// <param name="maxContentBytes">The longest content that is taken.</param>
    /// <exception cref="LinkProtocolException">It is not of this protocol, or its content would be too long.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> source, int maxContentBytes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic)
        {
            throw new LinkProtocolException("a frame does not begin as frames do");
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        if (version != Version)
        {
            throw new LinkProtocolException($"a frame is of version {version} of the protocol, and this node speaks version {Version}");
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        if (length > maxContentBytes)
        {
            throw new LinkProtocolException($"a frame of {length} bytes was announced, and {maxContentBytes} are the most");
        }

        return new FrameHeader
        {
            Kind = (FrameKind)source[6],
            Precision = (ActivationPrecision)source[7],
            ContentLength = (int)length,
            Layer = BinaryPrimitives.ReadInt32LittleEndian(source[12..]),
            Sequence = BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            Call = BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
            Rows = BinaryPrimitives.ReadInt32LittleEndian(source[32..]),
            Choices = BinaryPrimitives.ReadInt32LittleEndian(source[36..]),
            Sections = BinaryPrimitives.ReadInt32LittleEndian(source[40..]),
            HiddenSize = BinaryPrimitives.ReadInt32LittleEndian(source[44..]),
        };
    }

    /// <summary>Holds a frame that has come to its checksum, its place in the sequence and the ranges of its fields.</summary>
    /// <param name="frame">[<see cref="Size"/> + <see cref="ContentLength"/>].</param>
    /// <param name="sequence">What its sequence number must be.</param>
    /// <exception cref="LinkProtocolException">It breaks one of them.</exception>
    public void Check(ReadOnlySpan<byte> frame, ulong sequence)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(frame[ChecksumOffset..]) != Checksum(frame, Hash(frame[Size..])))
        {
            throw new LinkProtocolException("a frame's checksum is wrong");
        }

        if (Sequence != sequence)
        {
            throw new LinkProtocolException($"frame {Sequence} came instead of frame {sequence}");
        }

        if (Kind is not (FrameKind.Request or FrameKind.Reply or FrameKind.Failure)
            || Precision is not (ActivationPrecision.Float32 or ActivationPrecision.BFloat16)
            || (Layer | Rows | Choices | Sections | HiddenSize) < 0)
        {
            throw new LinkProtocolException("a frame's header has a field out of its range");
        }
    }

    /// <summary>The hash of a frame's content.</summary>
    public static ulong Hash(ReadOnlySpan<byte> content) => XxHash3.HashToUInt64(content);

    private static ulong Checksum(ReadOnlySpan<byte> frame, ulong contentHash) => XxHash3.HashToUInt64(frame[..ChecksumOffset], (long)contentHash);
}
