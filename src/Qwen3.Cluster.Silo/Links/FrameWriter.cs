using System.Net.Sockets;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// Sends frames over a socket, one at a time, numbered. A small one goes by the thread that brings it if the socket has room; otherwise, and for
/// a large one, there is a thread of its own, which is started when it is needed first: a slow wire holds up no arithmetic.
/// </summary>
/// <param name="socket">Blocks.</param>
/// <param name="name">Of the thread, as a debugger shows it.</param>
/// <param name="failed">Is told why the socket takes no more.</param>
internal sealed class FrameWriter(Socket socket, string name, Action<string> failed)
{
    /// <summary>The longest content that the calling thread sends itself.</summary>
    public const int SmallBytes = 64 << 10;

    private readonly object _lock = new(); // with a condition for the thread: a frame waits and nobody sends, or the end
    private OutgoingFrame? _first;
    private OutgoingFrame? _last;
    private Thread? _thread;
    private bool _sending;
    private bool _ended;
    private ulong _sequence; // of whoever sends

    /// <summary>Sends a frame, or leaves it to the thread; either way it is released some day. Never waits for the other side.</summary>
    public void Send(OutgoingFrame frame)
    {
        bool small = frame.Header.ContentLength <= SmallBytes, sends = false, ended;
        if (small)
        {
            frame.Prepare();
        }

        lock (_lock)
        {
            ended = _ended;
            if (!ended)
            {
                sends = small && !_sending && _first is null && HasRoom();
                if (sends)
                {
                    _sending = true;
                }
                else
                {
                    Enqueue(frame);
                }
            }
        }

        if (ended)
        {
            frame.Release();
        }
        else if (sends)
        {
            SendNow(frame);
        }
    }

    /// <summary>Sends no more: what waits is released. Whoever sends at the moment finishes or fails, for which the socket must be shut down.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>After <see cref="End"/>: waits for the thread.</summary>
    public void Join() => _thread?.Join();

    // The kernel calls a stream writable when a third of its buffer or more is free, which is more than a small frame but for a TCP stream
    // in its first moments; there the stall time limit bounds the wait.
    private bool HasRoom()
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectWrite);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true; // Sending will say what is wrong.
        }
    }

    private void Enqueue(OutgoingFrame frame)
    {
        frame.Next = null;
        if (_last is null)
        {
            _first = frame;
        }
        else
        {
            _last.Next = frame;
        }

        _last = frame;
        if (_thread is null)
        {
            _thread = new Thread(SendQueued) { Name = name, IsBackground = true };
            _thread.Start();
        }
        else if (!_sending)
        {
            Monitor.Pulse(_lock);
        }
    }

    private OutgoingFrame Dequeue()
    {
        OutgoingFrame frame = _first!;
        _first = frame.Next;
        frame.Next = null;
        if (_first is null)
        {
            _last = null;
        }

        return frame;
    }

    private void SendQueued()
    {
        while (true)
        {
            OutgoingFrame frame;
            bool ended;
            lock (_lock)
            {
                while (!_ended && (_first is null || _sending))
                {
                    Monitor.Wait(_lock);
                }

                ended = _ended;
                if (ended && _first is null)
                {
                    return;
                }

                frame = Dequeue();
                _sending |= !ended;
            }

            if (ended)
            {
                frame.Release();
                continue;
            }

            if (frame.Header.ContentLength > SmallBytes)
            {
                frame.Prepare();
            }

            SendNow(frame);
        }
    }

    private void SendNow(OutgoingFrame frame)
    {
        string? failure = null;
        try
        {
            ReadOnlySpan<byte> bytes = frame.Bytes(_sequence++);
            while (!bytes.IsEmpty)
            {
                bytes = bytes[socket.Send(bytes)..];
            }
        }
        catch (SocketException exception)
        {
            failure = exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock
                ? "the other side takes nothing of what is sent to it"
                : exception.Message;
        }
        catch (ObjectDisposedException)
        {
            failure = "it was closed";
        }

        lock (_lock)
        {
            _sending = false;
            if (_first is not null)
            {
                Monitor.Pulse(_lock);
            }
        }

        frame.Release();
        if (failure is not null)
        {
            failed(failure);
        }
    }
}
