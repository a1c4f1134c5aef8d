using System.Net;
using System.Net.Sockets;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>Makes the sockets of links.</summary>
/// <remarks>No call on them may be an async one: it would make the socket non-blocking for good, and every blocking call a hop between threads.</remarks>
internal static class LinkSocket
{
    /// <summary>An unconnected socket.</summary>
    public static Socket Create(EndPoint endPoint) => endPoint.AddressFamily == AddressFamily.Unix
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Sets what a connected socket of either side needs.</summary>
    public static void Configure(Socket socket, LinkOptions options)
    {
        socket.SendTimeout = (int)options.StallTimeLimit.TotalMilliseconds;
        if (socket.AddressFamily == AddressFamily.Unix)
        {
            socket.SendBufferSize = socket.ReceiveBufferSize = options.SocketBufferBytes;
            return;
        }

        // The buffers of TCP are left to the kernel: it grows them with the distance, and beyond what a process may ask for.
        socket.NoDelay = true;
        // A machine that lost its power or its cable says nothing more: five silent seconds, then three questions.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }
}
