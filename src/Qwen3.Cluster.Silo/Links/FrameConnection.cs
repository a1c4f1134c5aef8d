using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// A stream of frames in both directions, over a socket whose two sides have proved to know the secret. The blocking calls are on purpose: an
/// awaited one costs a hop over the thread pool for each frame.
/// </summary>
internal sealed partial class FrameConnection
{
    private readonly Socket _socket;
    private readonly string _peer;
    private readonly IFrameHandler _handler;
    private readonly ILogger _logger;
    private readonly FrameReader _reader;
    private readonly FrameWriter _writer;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _closed;

    /// <summary>Makes a connection, which owns the socket from here on; <see cref="Run"/> must follow.</summary>
    /// <param name="socket">Blocks.</param>
    /// <param name="peer">The other side, for log lines and thread names: "to node …", "from …".</param>
    /// <param name="maxContentBytes">The longest content that is taken.</param>
    /// <param name="handler">Takes the frames.</param>
    /// <param name="logger">Gets one line when the connection is closed.</param>
    public FrameConnection(Socket socket, string peer, int maxContentBytes, IFrameHandler handler, ILogger logger)
    {
        _socket = socket;
        _peer = peer;
        _handler = handler;
        _logger = logger;
        _reader = new FrameReader(socket, maxContentBytes);
        _writer = new FrameWriter(socket, $"link {peer}, writer", Close);
    }

    /// <summary>When nothing of it is left: no thread, no socket.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Sends a frame; see <see cref="FrameWriter.Send"/>.</summary>
    public void Send(OutgoingFrame frame) => _writer.Send(frame);

    /// <summary>Takes frames until the connection is closed, on the calling thread.</summary>
    public void Run()
    {
        try
        {
            while (true)
            {
                FrameHeader header = _reader.Next();
                _handler.Take(header, _reader);
            }
        }
        catch (LinkProtocolException exception)
        {
            Close(exception.Message);
        }
        catch (EndOfStreamException)
        {
            CloseOrderly("the other side closed it");
        }
        catch (SocketException exception)
        {
            Close(exception.Message);
        }
        catch (Exception exception)
        {
            // A fault of this side costs the link, not the process.
            LogFault(exception, _peer);
            Close(exception.Message);
        }

        _writer.End(); // Another thread that closes it may not have come so far.
        _writer.Join();
        _socket.Dispose();
        _ended.SetResult();
    }

    /// <summary>Closes it for a fault, unless it is closed already.</summary>
    /// <param name="reason">Without a full stop.</param>
    public void Close(string reason) => Close(reason, LogLevel.Warning);

    /// <summary>Closes it because it is no longer needed, unless it is closed already.</summary>
    /// <param name="reason">Without a full stop.</param>
    public void CloseOrderly(string reason) => Close(reason, LogLevel.Information);

    private void Close(string reason, LogLevel level)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        LogClosed(level, _peer, reason);
        _handler.Closed(reason);
        _writer.End();
        try
        {
            // Wakes who blocks in the socket; the reader frees it when nobody is left.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It broke by itself, and whoever blocked in it has noticed.
        }
    }

    [LoggerMessage("The link {Peer} is closed: {Reason}")]
    private partial void LogClosed(LogLevel level, string peer, string reason);

    [LoggerMessage(LogLevel.Error, "The link {Peer} fails by a fault of this node")]
    private partial void LogFault(Exception exception, string peer);
}
