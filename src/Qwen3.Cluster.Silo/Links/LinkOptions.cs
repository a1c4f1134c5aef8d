namespace Qwen3.Cluster.Silo.Links;

/// <summary>The settings of the links between nodes; section <c>Qwen3:Links</c> of the configuration.</summary>
public sealed class LinkOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Qwen3:Links";

    /// <summary>The TCP port that takes links from other machines; 0: a free one.</summary>
    public int Port { get; set; }

    /// <summary>Whether nodes of one machine are linked by Unix sockets instead of TCP.</summary>
    public bool UnixSockets { get; set; } = true;

    /// <summary>
    /// The longest content of a frame that this node takes, in bytes; 1 MiB to 1 GiB. A link keeps to the smaller one of its two nodes.
    /// </summary>
    public int MaxFrameBytes { get; set; } = 64 << 20;

    /// <summary>Links that others may have to this node at once; 1 or more.</summary>
    public int MaxConnections { get; set; } = 256;

    /// <summary>Frames of one link that this node computes at once; the next one waits in the socket. 1 or more.</summary>
    public int MaxRequestsInFlight { get; set; } = 8;

    /// <summary>What the kernel is asked to keep for one direction of a Unix socket, in bytes; 64 KiB or more. Linux grants as much as net.core.wmem_max allows.</summary>
    public int SocketBufferBytes { get; set; } = 4 << 20;

    /// <summary>How long connecting and proving the secret may take; above zero.</summary>
    public TimeSpan HandshakeTimeLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the other side may take nothing of what is sent to it before the link is given up; a millisecond to a day.</summary>
    public TimeSpan StallTimeLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a node to which no link could be opened is left alone before it is tried again; above zero.</summary>
    public TimeSpan RetryOpenAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What is wrong with the settings, each named as the configuration does.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Port is < 0 or > 65535)
        {
            yield return $"{Section}:{nameof(Port)} is {Port}: it must be 0 (a free port) to 65535.";
        }

        if (MaxFrameBytes is < 1 << 20 or > 1 << 30)
        {
            yield return $"{Section}:{nameof(MaxFrameBytes)} is {MaxFrameBytes}: it must be {1 << 20} (1 MiB) to {1 << 30} (1 GiB).";
        }

        if (MaxConnections < 1)
        {
            yield return $"{Section}:{nameof(MaxConnections)} is {MaxConnections}: it must be 1 or more.";
        }

        if (MaxRequestsInFlight < 1)
        {
            yield return $"{Section}:{nameof(MaxRequestsInFlight)} is {MaxRequestsInFlight}: it must be 1 or more.";
        }

        if (SocketBufferBytes < 64 << 10)
        {
            yield return $"{Section}:{nameof(SocketBufferBytes)} is {SocketBufferBytes}: it must be {64 << 10} (64 KiB) or more.";
        }

        if (HandshakeTimeLimit <= TimeSpan.Zero)
        {
            yield return $"{Section}:{nameof(HandshakeTimeLimit)} is {HandshakeTimeLimit}: it must be above zero.";
        }

        if (StallTimeLimit < TimeSpan.FromMilliseconds(1) || StallTimeLimit > TimeSpan.FromDays(1))
        {
            yield return $"{Section}:{nameof(StallTimeLimit)} is {StallTimeLimit}: it must be a millisecond to a day.";
        }

        if (RetryOpenAfter <= TimeSpan.Zero)
        {
            yield return $"{Section}:{nameof(RetryOpenAfter)} is {RetryOpenAfter}: it must be above zero.";
        }
    }
}
