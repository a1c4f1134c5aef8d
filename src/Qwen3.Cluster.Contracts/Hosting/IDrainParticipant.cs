namespace Qwen3.Cluster.Contracts.Hosting;

/// <summary>
/// Something of a node that has to come to an end before the node may go. A host's drain asks all of its participants at once, when the
/// host is told to stop and before any of its services stops.
/// </summary>
public interface IDrainParticipant
{
    /// <summary>What it waits for now, for the log: <c>3 gRPC calls</c>.</summary>
    string Describe { get; }

    /// <summary>Takes nothing new from now on, and returns when what was there has ended.</summary>
    /// <param name="cancellationToken">Cancelled when the time for it is over; what is left then goes with the node.</param>
    Task DrainAsync(CancellationToken cancellationToken);
}
