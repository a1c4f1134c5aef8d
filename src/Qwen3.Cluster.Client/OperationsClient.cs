using Grpc.Net.Client;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Client;

/// <summary>
/// A client of <c>qwen3.v1.Operations</c>: what lives where in a cluster, and the calls that even it out. Nothing is tried twice: an
/// operator wants to know at once. Every failure is a <see cref="Qwen3ClientException"/>. Safe for use by many threads.
/// </summary>
public sealed class OperationsClient : IDisposable
{
    // A large cluster's topology; the proto's limit of a message.
    private const int MaxMessageBytes = 16 * 1024 * 1024;

    // The cluster takes seconds to name a node that does not answer.
    private static readonly TimeSpan TopologyTimeLimit = TimeSpan.FromSeconds(15);

    private readonly Operations.OperationsClient _stub;
    private readonly GrpcChannel? _ownedChannel;

    /// <summary>A client with a channel of its own, which connects at the first call.</summary>
    /// <param name="address"><c>http://host:port</c>, or <c>https://…</c> for TLS.</param>
    /// <param name="configure">Changes the channel's options, for credentials or a retry policy of one's own.</param>
    public OperationsClient(string address, Action<GrpcChannelOptions>? configure = null)
    {
        GrpcChannelOptions options = CreateChannelOptions();
        configure?.Invoke(options);
        _ownedChannel = GrpcChannel.ForAddress(address, options);
        _stub = new Operations.OperationsClient(_ownedChannel);
    }

    /// <summary>A client over a channel that the caller made, keeps and disposes.</summary>
    public OperationsClient(GrpcChannel channel) => _stub = new Operations.OperationsClient(channel);

    /// <summary>Nodes, what lives on them, and how the models do; it loads nothing. A server that says nothing for 15 seconds has failed.</summary>
    /// <exception cref="Qwen3ClientException">The server failed, or cannot be reached.</exception>
    public Task<Topology> GetTopologyAsync(CancellationToken cancellationToken = default)
    {
        DateTime deadline = DateTime.UtcNow + TopologyTimeLimit;
        var call = _stub.GetTopologyAsync(new GetTopologyRequest(), deadline: deadline, cancellationToken: cancellationToken);
        return call.ResponseAsync.Translate(cancellationToken);
    }

    /// <summary>Evens the load of a model's shards. It takes as long as experts take to load; cancelling stops the waiting, not the work.</summary>
    /// <param name="model">A name that the topology gives; empty: the cluster's first model.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="Qwen3ClientException">The server refused, failed, or cannot be reached.</exception>
    public Task<BalanceReport> RebalanceAsync(string model = "", CancellationToken cancellationToken = default) =>
        _stub.RebalanceAsync(new RebalanceRequest { Model = model }, cancellationToken: cancellationToken).ResponseAsync.Translate(cancellationToken);

    /// <summary>Spreads a model's shards evenly over the nodes. It takes as long as shards take to load; cancelling stops the waiting, not the work.</summary>
    /// <param name="model">A name that the topology gives; empty: the cluster's first model.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="Qwen3ClientException">The server refused, failed, or cannot be reached.</exception>
    public Task<SpreadReport> SpreadAsync(string model = "", CancellationToken cancellationToken = default) =>
        _stub.SpreadAsync(new SpreadRequest { Model = model }, cancellationToken: cancellationToken).ResponseAsync.Translate(cancellationToken);

    /// <summary>Closes the client's own channel; calls in progress end.</summary>
    public void Dispose() => _ownedChannel?.Dispose();

    private static GrpcChannelOptions CreateChannelOptions() => new()
    {
        MaxReceiveMessageSize = MaxMessageBytes,
        HttpHandler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),

            // A server that vanished without a word ends a long call within 45 s.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        },
        DisposeHttpClient = true,
    };
}
