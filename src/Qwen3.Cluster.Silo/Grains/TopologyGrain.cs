using Orleans.Concurrency;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>Asks the nodes what lives on them, and the maps of their models how those do.</summary>
[StatelessWorker]
internal sealed class TopologyGrain(NodeCensus census, TimeProvider time) : Grain, ITopologyGrain
{
    // A map lives on one node, which may have just died.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public async Task<ClusterTopology> GetTopology()
    {
        IReadOnlyList<string> alive = census.Alive;
        IReadOnlyList<NodeStatus> nodes = await census.Take();
        return new ClusterTopology
        {
            TakenAt = time.GetUtcNow(),
            Nodes = nodes,
            SilentNodes = [.. alive.Except(nodes.Select(node => node.Name))],
            Models = await Task.WhenAll(nodes.SelectMany(node => node.Models).Distinct().Select(Ask)),
        };
    }

    private async Task<ModelStatus> Ask(string model)
    {
        try
        {
            ExpertMapStatus? experts = await AskMap(model).WaitAsync(AnswerLimit, time);
            return new ModelStatus { Name = model, Experts = experts, Problem = experts?.Problem ?? "" };
        }
        catch (Exception exception) when (exception is ModelUnavailableException || LostCall.Is(exception))
        {
            return new ModelStatus { Name = model, Problem = $"The map of its experts does not answer: {exception.Message}" };
        }
    }

    // To ask a map that is not there would make one, and open the model's files.
    private async Task<ExpertMapStatus?> AskMap(string model)
    {
        var map = GrainFactory.GetGrain<IExpertMapGrain>(model);
        SiloAddress? place = await GrainFactory.GetGrain<IManagementGrain>(0).GetActivationAddress(map);
        return place is null ? null : await map.GetStatus();
    }
}
