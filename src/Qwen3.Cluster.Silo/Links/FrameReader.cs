using System.Net.Sockets;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// Takes frames from a socket, by one thread that blocks in it. Its buffer grows with the bytes that have come, never with those that a header
/// announces, and is kept.
/// </summary>
internal sealed class FrameReader(Socket socket, int maxContentBytes)
{
    // A small frame comes whole in one call of the kernel; not more, because what is read ahead may have to be moved.
    private const int ReadAhead = 64 << 10;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(ReadAhead);
    private int _start; // the frame at hand
    private int _length;
    private int _end; // of what has come
    private ulong _sequence;

    /// <summary>The content of the frame at hand, until the next one is taken.</summary>
    public ReadOnlySpan<byte> Content => _buffer.AsSpan(_start + FrameHeader.Size, _length - FrameHeader.Size);

    /// <summary>Blocks until a whole frame is there.</summary>
    /// <exception cref="LinkProtocolException">It is not as it must be, or the stream ended within it.</exception>
    /// <exception cref="EndOfStreamException">The other side closed the stream between two frames.</exception>
    /// <exception cref="SocketException">The stream broke.</exception>
    public FrameHeader Next()
    {
        _start += _length;
        _length = 0;
        if (_start == _end)
        {
            _start = _end = 0;
        }

        Receive(FrameHeader.Size, most: ReadAhead);
        FrameHeader header = FrameHeader.Read(_buffer.AsSpan(_start), maxContentBytes);
        int length = FrameHeader.Size + header.ContentLength;
        Receive(length, most: length);
        header.Check(_buffer.AsSpan(_start, length), _sequence++);
        _length = length;
        return header;
    }

    /// <summary>Gives the buffer with the frame at hand away and goes on with another, so that a reply is not copied.</summary>
    /// <param name="buffer">In: what to go on with. Out: where the frame is.</param>
    /// <returns>Where its content begins.</returns>
    public int Exchange(ref byte[] buffer)
    {
        int next = _start + _length, left = _end - next, content = _start + FrameHeader.Size;
        byte[] fresh = buffer.Length >= ReadAhead ? buffer : GC.AllocateUninitializedArray<byte>(ReadAhead);
        _buffer.AsSpan(next, left).CopyTo(fresh);
        (buffer, _buffer) = (_buffer, fresh);
        (_start, _length, _end) = (0, 0, left);
        return content;
    }

    // Receives until the frame has count bytes, and as many as most of it and its followers.
    private void Receive(int count, int most)
    {
        while (_end - _start < count)
        {
            MakeRoom(count);
            int received = socket.Receive(_buffer.AsSpan(_end, Math.Min(_buffer.Length - _end, most - (_end - _start))));
            if (received == 0)
            {
                throw _end == _start ? new EndOfStreamException() : new LinkProtocolException("the other side closed it within a frame");
            }

            _end += received;
        }
    }

    private void MakeRoom(int count)
    {
        if (_start + count <= _buffer.Length)
        {
            return;
        }

        byte[] target = _buffer;
        if (_end - _start == _buffer.Length)
        {
            target = GC.AllocateUninitializedArray<byte>((int)Math.Min(count, 2L * _buffer.Length));
        }

        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, _end - _start);
    }
}
