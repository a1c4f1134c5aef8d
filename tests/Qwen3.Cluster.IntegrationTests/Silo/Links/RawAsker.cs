using System.Buffers.Binary;
using System.Net.Sockets;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.IntegrationTests.Silo.Links;

/// <summary>An asking side that can send any bytes.</summary>
internal sealed class RawAsker : IDisposable
{
    public RawAsker(LinkEndpoint endpoint)
    {
        Socket.ReceiveTimeout = 10_000;
        Socket.Connect(new UnixDomainSocketEndPoint(endpoint.SocketPath!));
    }

    public Socket Socket { get; } = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <summary>One whose secret has been accepted.</summary>
    public static RawAsker Open(LinkEndpoint endpoint)
    {
        var asker = new RawAsker(endpoint);
        LinkHandshake.Ask(asker.Socket, endpoint.Secret, 64 << 20);
        return asker;
    }

    /// <summary>A whole request of bfloat16 zeros to experts 0, as the format's description has it.</summary>
    public static byte[] Request(ulong sequence, int rows, int hiddenSize, int[] choiceRows, params (ulong Epoch, int Choices)[] sections)
    {
        byte[] frame = new byte[FrameHeader.Size + 2 * rows * hiddenSize + 8 * choiceRows.Length + 12 * sections.Length];
        Span<byte> rest = frame.AsSpan(FrameHeader.Size + 2 * rows * hiddenSize);
        foreach (int row in choiceRows)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, row);
            rest = rest[4..];
        }

        rest = rest[(4 * choiceRows.Length)..];
        foreach ((ulong epoch, int choices) in sections)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, epoch);
            BinaryPrimitives.WriteInt32LittleEndian(rest[8..], choices);
            rest = rest[12..];
        }

        var header = new FrameHeader
        {
            Kind = FrameKind.Request,
            Precision = ActivationPrecision.BFloat16,
            ContentLength = frame.Length - FrameHeader.Size,
            Layer = 0,
            Call = 1 + sequence,
            Rows = rows,
            Choices = choiceRows.Length,
            Sections = sections.Length,
            HiddenSize = hiddenSize,
        };
        Sign(frame, header with { Sequence = sequence });
        return frame;
    }

    /// <summary>Puts a header before a content, with the right checksum.</summary>
    public static void Sign(byte[] frame, FrameHeader header) => header.Write(frame, FrameHeader.Hash(frame.AsSpan(FrameHeader.Size)));

    /// <summary>Computes the checksum of a header anew, whatever it says.</summary>
    public static void Sign(byte[] frame) => BinaryPrimitives.WriteUInt64LittleEndian(
        frame.AsSpan(48), System.IO.Hashing.XxHash3.HashToUInt64(frame.AsSpan(0, 48), (long)FrameHeader.Hash(frame.AsSpan(FrameHeader.Size))));

    /// <summary>Sends bytes, which the other side may refuse in the middle.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[Socket.Send(bytes)..];
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode is not SocketError.TimedOut)
        {
            // It has been closed.
        }
    }

    /// <summary>Reads until the other side closes.</summary>
    /// <returns>How many bytes came.</returns>
    public int ReadToEnd()
    {
        byte[] buffer = new byte[4096];
        for (int count = 0; ;)
        {
            int received;
            try
            {
                received = Socket.Receive(buffer);
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
            {
                return count;
            }

            count += received;
            if (received == 0)
            {
                return count;
            }
        }
    }

    public void Dispose() => Socket.Dispose();
}
