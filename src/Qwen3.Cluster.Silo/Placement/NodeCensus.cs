using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Asks all nodes of the cluster what they have.</summary>
internal sealed partial class NodeCensus(ISiloStatusOracle silos, IGrainFactory grains, TimeProvider time, ILogger<NodeCensus> logger)
{
    // A node that has just died is in the cluster until the others have voted.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    /// <summary>Names of the nodes that the cluster counts as alive, in order.</summary>
    public IReadOnlyList<string> Alive =>
        [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Select(silo => silo.ToParsableString()).Order(StringComparer.Ordinal)];

    /// <summary>What they have; a node that does not answer is left out.</summary>
    public async Task<IReadOnlyList<NodeStatus>> Take()
    {
        NodeStatus?[] nodes = await Task.WhenAll(Alive.Select(Ask));
        return [.. nodes.OfType<NodeStatus>()];
    }

    private async Task<NodeStatus?> Ask(string node)
    {
        try
        {
            return await grains.GetGrain<INodeGrain>(node).GetStatus().WaitAsync(AnswerLimit, time);
        }
        catch (Exception exception) when (exception is NoPlaceException || LostCall.Is(exception))
        {
            LogSilent(node, exception.Message);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The node {Node} does not say what it has: {Reason}")]
    private partial void LogSilent(string node, string reason);
}
