using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>
/// What comes before the first frame: both sides prove that they know the secret, by an HMAC-SHA256 over both nonces, the version, the role and
/// what they say about themselves. Four messages of fixed length, so that a stranger can make a node read 80 bytes and no more:
/// <code>
/// asking → answering   magic u32, version u16, role u16, nonce [32]
/// answering → asking   magic u32, version u16, role u16, nonce [32]
/// asking → answering   longest content u32, proof [32]
/// answering → asking   longest content u32, proof [32]
/// </code>
/// </summary>
internal static class LinkHandshake
{
    private const uint Magic = 0x4833_4C51; // "QL3H"
    private const ushort Asking = 1;
    private const ushort Answering = 2;
    private const int NonceSize = 32;
    private const int HelloSize = 8 + NonceSize;
    private const int ProofSize = 4 + SHA256.HashSizeInBytes;

    /// <summary>The asking side's part.</summary>
    /// <returns>The longest content that both sides take.</returns>
    /// <exception cref="LinkProtocolException">The other side is not of this protocol, or does not know the secret.</exception>
    /// <exception cref="SocketException">The stream broke.</exception>
    public static int Ask(Socket socket, ReadOnlySpan<byte> secret, int maxContentBytes)
    {
        Span<byte> own = stackalloc byte[HelloSize], theirs = stackalloc byte[HelloSize];
        MakeHello(own, Asking);
        SendAll(socket, own);
        ReceiveAll(socket, theirs);
        CheckHello(theirs, Answering);

        SendProof(socket, secret, own, own, theirs, maxContentBytes);
        return Math.Min(maxContentBytes, ReceiveProof(socket, secret, theirs, own, theirs));
    }

    /// <summary>The answering side's part.</summary>
    /// <returns>The longest content that both sides take.</returns>
    /// <exception cref="LinkProtocolException">The other side is not of this protocol, or does not know the secret.</exception>
    /// <exception cref="SocketException">The stream broke.</exception>
    public static int Answer(Socket socket, ReadOnlySpan<byte> secret, int maxContentBytes)
    {
        Span<byte> own = stackalloc byte[HelloSize], theirs = stackalloc byte[HelloSize];
        ReceiveAll(socket, theirs);
        CheckMagic(theirs);
        // A node of another version learns that it is one: it gets this side's hello before it is turned away.
        MakeHello(own, Answering);
        SendAll(socket, own);
        CheckHello(theirs, Asking);

        int most = Math.Min(maxContentBytes, ReceiveProof(socket, secret, theirs, theirs, own));
        SendProof(socket, secret, own, theirs, own, maxContentBytes);
        return most;
    }

    private static void MakeHello(Span<byte> hello, ushort role)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(hello, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(hello[4..], FrameHeader.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(hello[6..], role);
        RandomNumberGenerator.Fill(hello[8..]);
    }

    private static void CheckMagic(ReadOnlySpan<byte> hello)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(hello) != Magic)
        {
            throw new LinkProtocolException("the other side is no node of this cluster");
        }
    }

    private static void CheckHello(ReadOnlySpan<byte> hello, ushort role)
    {
        CheckMagic(hello);
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(hello[4..]);
        if (version != FrameHeader.Version)
        {
            throw new LinkProtocolException(
                $"the other side speaks version {version} of the protocol and this node version {FrameHeader.Version}; run the same release on both");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(hello[6..]) != role)
        {
            throw new LinkProtocolException("the other side has the wrong role");
        }
    }

    private static void SendProof(
        Socket socket, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> prover, ReadOnlySpan<byte> asking, ReadOnlySpan<byte> answering, int maxContentBytes)
    {
        Span<byte> message = stackalloc byte[ProofSize];
        BinaryPrimitives.WriteInt32LittleEndian(message, maxContentBytes);
        Prove(secret, prover, asking, answering, message[..4], message[4..]);
        SendAll(socket, message);
    }

    // The longest content that the other side takes.
    private static int ReceiveProof(
        Socket socket, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> prover, ReadOnlySpan<byte> asking, ReadOnlySpan<byte> answering)
    {
        Span<byte> message = stackalloc byte[ProofSize], expected = stackalloc byte[SHA256.HashSizeInBytes];
        ReceiveAll(socket, message);
        Prove(secret, prover, asking, answering, message[..4], expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, message[4..]))
        {
            throw new LinkProtocolException("the other side does not know the secret");
        }

        int most = BinaryPrimitives.ReadInt32LittleEndian(message);
        return most > 0 ? most : throw new LinkProtocolException($"the other side takes contents of {most} bytes at most");
    }

    // The first eight bytes of the prover's hello are its version and role: a proof of one side is none of the other.
    private static void Prove(
        ReadOnlySpan<byte> secret, ReadOnlySpan<byte> prover, ReadOnlySpan<byte> asking, ReadOnlySpan<byte> answering, ReadOnlySpan<byte> says, Span<byte> proof)
    {
        Span<byte> claim = stackalloc byte[8 + 2 * HelloSize + 4];
        prover[..8].CopyTo(claim);
        asking.CopyTo(claim[8..]);
        answering.CopyTo(claim[(8 + HelloSize)..]);
        says.CopyTo(claim[(8 + 2 * HelloSize)..]);
        HMACSHA256.HashData(secret, claim, proof);
    }

    private static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    private static void ReceiveAll(Socket socket, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int received = socket.Receive(bytes);
            bytes = received > 0 ? bytes[received..] : throw new LinkProtocolException("the other side closed it before both had proved to know the secret");
        }
    }
}
