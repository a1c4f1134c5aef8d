namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// A frame to be sent, in a buffer that its owner uses again. Between <see cref="FrameConnection.Send"/> and <see cref="Release"/> it belongs
/// to the connection.
/// </summary>
internal abstract class OutgoingFrame
{
    private ulong _contentHash;

    /// <summary>The next frame that waits for the writer thread.</summary>
    internal OutgoingFrame? Next { get; set; }

    /// <summary>Without its sequence number.</summary>
    public FrameHeader Header { get; protected set; }

    /// <summary>Room for header and content; see <see cref="MakeRoom"/>.</summary>
    protected byte[] Buffer { get; private set; } = [];

    /// <summary>Puts the content in its place, by whichever thread sends it, and remembers its hash.</summary>
    public void Prepare()
    {
        Encode();
        _contentHash = FrameHeader.Hash(Buffer.AsSpan(FrameHeader.Size, Header.ContentLength));
    }

    /// <summary>The bytes to send, after <see cref="Prepare"/>.</summary>
    public ReadOnlySpan<byte> Bytes(ulong sequence)
    {
        Span<byte> bytes = Buffer.AsSpan(0, FrameHeader.Size + Header.ContentLength);
        (Header with { Sequence = sequence }).Write(bytes, _contentHash);
        return bytes;
    }

    /// <summary>The connection has sent the frame, or never will: it touches it no more. Called once, by any thread, which it must not hold up.</summary>
    public abstract void Release();

    /// <summary>Fills the content of the buffer. Must not throw.</summary>
    protected abstract void Encode();

    /// <summary>Makes the buffer large enough for a content, and keeps what is in it.</summary>
    protected void MakeRoom(long contentLength)
    {
        long length = FrameHeader.Size + contentLength;
        if (Buffer.Length < length)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>(checked((int)Math.Max(length, Math.Min(2L * Buffer.Length, Array.MaxLength))));
            Buffer.CopyTo(larger, 0);
            Buffer = larger;
        }
    }
}
