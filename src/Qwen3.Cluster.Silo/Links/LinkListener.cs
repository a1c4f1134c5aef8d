using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>Takes the links of other nodes to the shards of this process, over TCP and, for those of the same machine, over a Unix socket.</summary>
internal sealed partial class LinkListener : IAsyncDisposable
{
    private const int Backlog = 64;
    private const int LongestSocketPath = 107; // sockaddr_un has 108 bytes with the closing zero.

    private readonly LinkOptions _options;
    private readonly IShardDirectory _shards;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly List<Socket> _listening = [];
    private readonly string? _directory;

    private readonly Lock _lock = new();
    private readonly Dictionary<Socket, AnsweringLink?> _open = []; // null: the handshake is under way
    private readonly CancellationTokenSource _stopping = new();
    private readonly CountdownEvent _threads = new(1);

    private LinkListener(string node, IPAddress address, LinkOptions options, IShardDirectory shards, ILogger logger, TimeProvider time)
    {
        _options = options;
        _shards = shards;
        _logger = logger;
        _time = time;
        try
        {
            int port = ((IPEndPoint)Listen(new IPEndPoint(address, options.Port)).LocalEndPoint!).Port;
            string? path = null;
            if (options.UnixSockets)
            {
                // A directory that no other user may enter.
                _directory = Directory.CreateTempSubdirectory("qwen3-").FullName;
                path = Path.Combine(_directory, "links");
                if (Encoding.UTF8.GetByteCount(path) > LongestSocketPath)
                {
                    throw new IOException(
                        $"The path of the Unix socket '{path}' is longer than {LongestSocketPath} bytes: set TMPDIR to a shorter directory, or {LinkOptions.Section}:{nameof(LinkOptions.UnixSockets)} to false.");
                }

                Listen(new UnixDomainSocketEndPoint(path));
            }

            Endpoint = new LinkEndpoint
            {
                Node = node,
                HostId = HostIdentity.Value,
                SocketPath = path,
                Address = address.ToString(),
                Port = port,
                Secret = RandomNumberGenerator.GetBytes(32),
            };
        }
        catch
        {
            CloseListening();
            throw;
        }

        foreach (Socket socket in _listening)
        {
            StartThread($"links at {socket.LocalEndPoint}", () => AcceptAll(socket));
        }
    }

    /// <summary>Where this node takes links; hand it only to those that may open one.</summary>
    public LinkEndpoint Endpoint { get; }

    /// <summary>Starts to listen.</summary>
    /// <param name="node">This node, as the cluster knows it.</param>
    /// <param name="address">Where others reach it; not the address that stands for all.</param>
    /// <param name="options">The settings.</param>
    /// <param name="shards">What can be asked.</param>
    /// <param name="logger">Gets one line for each link that is closed or turned away.</param>
    /// <param name="time">Measures the time limit of handshakes.</param>
    /// <exception cref="IOException">It cannot listen there.</exception>
    public static LinkListener Start(string node, IPAddress address, LinkOptions options, IShardDirectory shards, ILogger logger, TimeProvider time) =>
        new(node, address, options, shards, logger, time);

    /// <summary>Takes no more links and closes those that are open. Work that shards have in hand ends there, and its replies go nowhere.</summary>
    public async ValueTask DisposeAsync()
    {
        List<AnsweringLink> links = [];
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            _stopping.Cancel();
            foreach ((Socket socket, AnsweringLink? link) in _open)
            {
                if (link is null)
                {
                    socket.Dispose();
                }
                else
                {
                    links.Add(link);
                }
            }
        }

        CloseListening();
        foreach (AnsweringLink link in links)
        {
            link.CloseOrderly("this node stops");
        }

        _threads.Signal();
        await Task.Factory.StartNew(_threads.Wait, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _threads.Dispose();
        _stopping.Dispose();
    }

    private Socket Listen(EndPoint endPoint)
    {
        Socket socket = LinkSocket.Create(endPoint);
        _listening.Add(socket);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(Backlog);
        }
        catch (SocketException exception)
        {
            throw new IOException(
                $"This node cannot take links at {endPoint}: {exception.Message}; see {LinkOptions.Section}:{nameof(LinkOptions.Port)} and {LinkOptions.Section}:{nameof(LinkOptions.UnixSockets)}.", exception);
        }

        return socket;
    }

    private void CloseListening()
    {
        foreach (Socket socket in _listening)
        {
            socket.Dispose();
        }

        if (_directory is not null)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private void StartThread(string name, Action run)
    {
        _threads.AddCount();
        new Thread(() =>
        {
            run();
            _threads.Signal();
        }) { Name = name, IsBackground = true }.Start();
    }

    private void AcceptAll(Socket listening)
    {
        CancellationToken stopping = _stopping.Token;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                Admit(listening.Accept());
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception) when (!stopping.IsCancellationRequested)
            {
                // Such as too many open files: it may pass, but not at once.
                LogNotAccepted(exception.Message);
                stopping.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(100));
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private void Admit(Socket socket)
    {
        bool isFull;
        lock (_lock)
        {
            isFull = _open.Count >= _options.MaxConnections;
            if (!isFull && !_stopping.IsCancellationRequested)
            {
                _open.Add(socket, null);
                StartThread("link from another node", () => Serve(socket));
                return;
            }
        }

        if (isFull)
        {
            LogTurnedAway("from another node", $"there are {_options.MaxConnections} links already; see {LinkOptions.Section}:{nameof(LinkOptions.MaxConnections)}");
        }

        socket.Dispose();
    }

    private void Serve(Socket socket)
    {
        try
        {
            Open(socket)?.Run();
        }
        finally
        {
            lock (_lock)
            {
                _open.Remove(socket);
            }

            socket.Dispose();
        }
    }

    // Null: the other side has been turned away, or this node stops.
    private AnsweringLink? Open(Socket socket)
    {
        string peer = "from this machine";
        var deadline = new SocketDeadline(socket, _options.HandshakeTimeLimit, _time);
        try
        {
            int maxContentBytes;
            using (deadline)
            {
                if (socket.RemoteEndPoint is IPEndPoint remote)
                {
                    peer = $"from {remote}";
                }

                LinkSocket.Configure(socket, _options);
                maxContentBytes = LinkHandshake.Answer(socket, Endpoint.Secret, _options.MaxFrameBytes);
            }

            ObjectDisposedException.ThrowIf(deadline.HasPassed, socket);
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
                var link = new AnsweringLink(socket, peer, maxContentBytes, _options.MaxRequestsInFlight, _shards, _logger);
                _open[socket] = link;
                return link;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or LinkProtocolException)
        {
            if (!_stopping.IsCancellationRequested)
            {
                LogTurnedAway(peer, deadline.HasPassed
                    ? $"it did not prove the secret within {LinkOptions.Section}:{nameof(LinkOptions.HandshakeTimeLimit)} of {_options.HandshakeTimeLimit.TotalSeconds:0.###} s"
                    : exception.Message);
            }

            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "A link {Peer} was turned away: {Reason}")]
    private partial void LogTurnedAway(string peer, string reason);

    [LoggerMessage(LogLevel.Warning, "A link could not be accepted: {Reason}")]
    private partial void LogNotAccepted(string reason);
}
