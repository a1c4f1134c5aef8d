using Grpc.Core;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Gateway.Errors;
using Qwen3.Cluster.Gateway.Mapping;

namespace Qwen3.Cluster.Gateway;

/// <summary>
/// The operator's gRPC service: what lives where, and the calls that even it out. It answers while its node drains too.
/// <see cref="ErrorInterceptor"/> turns what grains throw into statuses.
/// </summary>
internal sealed class OperationsService(IGrainFactory grains) : Protos.Operations.OperationsBase
{
    /// <inheritdoc/>
    public override async Task<Protos.Topology> GetTopology(Protos.GetTopologyRequest request, ServerCallContext context)
    {
        ClusterTopology topology = await grains.GetGrain<ITopologyGrain>(0).GetTopology();
        return topology.ToProto();
    }

    /// <inheritdoc/>
    public override async Task<Protos.BalanceReport> Rebalance(Protos.RebalanceRequest request, ServerCallContext context)
    {
        string model = await Resolve(request.Model);
        BalanceReport report = await grains.GetGrain<IExpertMapGrain>(model).Rebalance();
        return report.ToProto(model);
    }

    /// <inheritdoc/>
    public override async Task<Protos.SpreadReport> Spread(Protos.SpreadRequest request, ServerCallContext context)
    {
        string model = await Resolve(request.Model);
        int moved = await grains.GetGrain<IExpertMapGrain>(model).Spread();
        return new Protos.SpreadReport { Model = model, ShardsMoved = (uint)moved };
    }

    // A map of a model that does not exist must not be asked: it would be made.
    private async Task<string> Resolve(string model)
    {
        IReadOnlyList<string> names = await grains.GetGrain<IModelCatalogGrain>(0).ListNames();
        return names.FirstOrDefault(name => model.Length == 0 || name == model)
            ?? throw new ModelNotFoundException(
                model, names.Count == 0 ? "The cluster has no model." : $"There is no model '{model}' here; there is {string.Join(", ", names)}.");
    }
}
