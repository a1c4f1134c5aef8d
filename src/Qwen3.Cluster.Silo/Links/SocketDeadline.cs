using System.Net.Sockets;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>Closes a socket, and with it wakes who blocks in it, unless it is disposed within a time.</summary>
internal sealed class SocketDeadline : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private bool _over;

    /// <summary>Starts the clock.</summary>
    public SocketDeadline(Socket socket, TimeSpan limit, TimeProvider time)
    {
        _timer = time.CreateTimer(
            _ =>
            {
                lock (_lock)
                {
                    if (_over)
                    {
                        return;
                    }

                    _over = HasPassed = true;
                }

                socket.Dispose();
            },
            null, limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the socket was closed for it.</summary>
    public bool HasPassed { get; private set; }

    /// <summary>In time: the socket stays.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _over = true;
        }

        _timer.Dispose();
    }
}
