using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// The asking side of a link: all routers of this process send their calls to another node over it. Once closed it stays so. Safe for several
/// callers at once.
/// </summary>
internal sealed class NodeLink : IFrameHandler
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, LinkCall?> _calls = []; // under way; null: given up, and its answer is still to come
    private readonly FrameConnection _connection;
    private readonly int _maxContentBytes;
    private ulong _lastCall;
    private volatile string? _closed;

    private NodeLink(string node, Socket socket, int maxContentBytes, ILogger logger)
    {
        Node = node;
        _maxContentBytes = maxContentBytes;
        _connection = new FrameConnection(socket, $"to node {node}", maxContentBytes, this, logger);
    }

    /// <summary>The node at the other end.</summary>
    public string Node { get; }

    /// <summary>Whether calls can be sent.</summary>
    public bool IsOpen => _closed is null;

    /// <summary>When nothing of the link is left after it was closed: no thread, no socket.</summary>
    public Task Ended => _connection.Ended;

    /// <summary>Connects to a node and proves the secret; blocks for as long as that takes, at most the handshake's time limit.</summary>
    /// <param name="endpoint">Where; a Unix socket if both are on one machine.</param>
    /// <param name="options">The settings of this side.</param>
    /// <param name="logger">Gets one line when the link is closed.</param>
    /// <param name="time">Measures the time limit.</param>
    /// <exception cref="LinkBrokenException">It could not be opened.</exception>
    public static NodeLink Open(LinkEndpoint endpoint, LinkOptions options, ILogger logger, TimeProvider time)
    {
        EndPoint at = Choose(endpoint, options);
        Socket socket = LinkSocket.Create(at);
        var deadline = new SocketDeadline(socket, options.HandshakeTimeLimit, time);
        try
        {
            int maxContentBytes;
            using (deadline)
            {
                socket.Connect(at);
                LinkSocket.Configure(socket, options);
                maxContentBytes = LinkHandshake.Ask(socket, endpoint.Secret, options.MaxFrameBytes);
            }

            // Throws if the time was up in the last moment.
            ObjectDisposedException.ThrowIf(deadline.HasPassed, socket);
            var link = new NodeLink(endpoint.Node, socket, maxContentBytes, logger);
            new Thread(link._connection.Run) { Name = $"link to node {endpoint.Node}, reader", IsBackground = true }.Start();
            return link;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or LinkProtocolException)
        {
            socket.Dispose();
            throw new LinkBrokenException(endpoint.Node, deadline.HasPassed
                ? $"it did not open at {at} within {LinkOptions.Section}:{nameof(LinkOptions.HandshakeTimeLimit)} of {options.HandshakeTimeLimit.TotalSeconds:0.###} s"
                : $"it could not be opened at {at}: {exception.Message}");
        }
    }

    /// <summary>How many choices a call may have, whatever rows and shards they name, if each of its rows has one.</summary>
    /// <param name="hiddenSize">H.</param>
    /// <param name="precision">How rows and outputs travel.</param>
    public int MostChoices(int hiddenSize, ActivationPrecision precision) =>
        _maxContentBytes / (hiddenSize * precision.Size() + RequestLayout.MostPerChoice);

    /// <summary>
    /// Sends a call on its way, which must be waited for or given up. If the link is or gets closed, the call says so when it is waited for.
    /// Never waits for the other side.
    /// </summary>
    /// <exception cref="ArgumentException">It asks for nothing, or frame or reply would be too long.</exception>
    public void Send(LinkCall call)
    {
        lock (_lock)
        {
            call.Start(this, ++_lastCall, _maxContentBytes);
            if (_closed is null)
            {
                _calls.Add(_lastCall, call);
            }
            else
            {
                call.Fail(new LinkBrokenException(Node, _closed));
            }
        }

        // A closed connection only lets go of it.
        _connection.Send(call);
    }

    /// <summary>Closes the link for a fault; all calls under way fail at once.</summary>
    /// <param name="reason">Without a full stop.</param>
    public void Close(string reason) => _connection.Close(reason);

    /// <summary>Closes the link because it is no longer needed; all calls under way fail at once.</summary>
    /// <param name="reason">Without a full stop.</param>
    public void CloseOrderly(string reason) => _connection.CloseOrderly(reason);

    /// <summary>Lets go of a call that nobody waits for any more.</summary>
    internal void Abandon(LinkCall call)
    {
        bool removed = false, isReleased;
        lock (_lock)
        {
            isReleased = call.IsReleased;
            if (isReleased && _calls.TryGetValue(call.Header.Call, out LinkCall? current) && current == call)
            {
                _calls[call.Header.Call] = null;
                removed = true;
            }
        }

        if (removed)
        {
            call.Fail(new OperationCanceledException());
        }
        else if (!isReleased)
        {
            // The rest of the frame must be sent, or nothing more: the owner cannot wait for a wire that may be slow.
            Close("a call was given up while its frame was being sent");
        }
    }

    void IFrameHandler.Take(in FrameHeader header, FrameReader reader)
    {
        LinkCall? call;
        lock (_lock)
        {
            if (!_calls.TryGetValue(header.Call, out call))
            {
                if (_closed is not null)
                {
                    return;
                }

                throw new LinkProtocolException($"an answer came to call {header.Call}, which is not under way");
            }

            if (call is not null)
            {
                Check(header, call.Header);
            }

            _calls.Remove(header.Call);
        }

        if (header.Kind == FrameKind.Failure)
        {
            call?.Fail(new ExpertShardException($"node {Node}: {Encoding.UTF8.GetString(reader.Content)}"));
        }
        else
        {
            call?.Answer(reader);
        }
    }

    void IFrameHandler.Closed(string reason)
    {
        LinkCall?[] calls;
        lock (_lock)
        {
            _closed = reason;
            calls = [.. _calls.Values];
            _calls.Clear();
        }

        foreach (LinkCall? call in calls)
        {
            call?.Fail(new LinkBrokenException(Node, reason));
        }
    }

    private static EndPoint Choose(LinkEndpoint endpoint, LinkOptions options)
    {
        if (options.UnixSockets && endpoint.SocketPath is not null && endpoint.HostId == HostIdentity.Value)
        {
            return new UnixDomainSocketEndPoint(endpoint.SocketPath);
        }

        return endpoint.Port != 0 && IPAddress.TryParse(endpoint.Address, out IPAddress? address)
            ? new IPEndPoint(address, endpoint.Port)
            : throw new LinkBrokenException(endpoint.Node, $"it takes none at address '{endpoint.Address}', port {endpoint.Port}");
    }

    private static void Check(in FrameHeader answer, in FrameHeader request)
    {
        bool fits = answer.Kind switch
        {
            FrameKind.Reply => answer.ContentLength == (long)request.Choices * request.HiddenSize * request.Precision.Size(),
            FrameKind.Failure => answer.ContentLength <= RequestJob.MostFailureBytes,
            _ => false,
        };
        if (!fits || answer.Layer != request.Layer || answer.Precision != request.Precision || answer.HiddenSize != request.HiddenSize
            || answer.Choices != request.Choices || answer.Rows != 0 || answer.Sections != 0)
        {
            throw new LinkProtocolException($"the answer to call {request.Call} is not one to what was asked");
        }
    }
}
