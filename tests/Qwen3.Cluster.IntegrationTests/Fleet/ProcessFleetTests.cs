using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>Whatever the number of processes and replicas: the tokens are those of one process.</summary>
[Collection(nameof(ProcessFleets))]
public sealed class ProcessFleetTests
{
    // One fleet serves all the variants, because starting its processes takes longer than all the rest.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task AnyNumberOfProcessesAndReplicasGivesTheTokensOfOneProcess(int processes)
    {
        ModelOptions[] models = [FleetModels.Moe, FleetModels.MoeOfTwoReplicas, FleetModels.MoeInBFloat16, FleetModels.Dense];
        await using ProcessFleet fleet = await ProcessFleet.Start(processes, models, new KeyValuePair<string, string>("Qwen3:Preload", "false"));

        // Loaded when all processes are there: shards spread at once, and replicas go to different nodes.
        await Task.WhenAll(models.SelectMany(model => Enumerable.Range(0, model.Replicas).Select(replica =>
            fleet.Grains.GetGrain<IRouterGrain>(new ModelGrainKey(model.Name, replica).ToString()).GetStatus())));
        foreach (ModelOptions model in models)
        {
            await fleet.WaitForShards(model.Name, Evenly(model.ExpertShards, processes));
            await fleet.WaitUntil(
                async () => HomesOfRouters(model, await fleet.Nodes()) == Math.Min(model.Replicas, processes),
                () => $"The routers of {model.Name} should live on nodes of their own");
            await AskAll(fleet, model);
        }

        IReadOnlyList<NodeStatus> nodes = await fleet.Nodes();
        Assert.All(models, model => AssertSpread(model, nodes));
        string[] log = [.. fleet.Silos.SelectMany(silo => silo.Lines)];
        Assert.Equal(processes > 1, log.Any(line => line.Contains("The link to node", StringComparison.Ordinal)));
        Assert.DoesNotContain(log, line => line.Contains("grain calls", StringComparison.Ordinal));
        Assert.DoesNotContain(log, line => line.StartsWith("warn: Qwen3", StringComparison.Ordinal) || line.StartsWith("fail", StringComparison.Ordinal));
    }

    private static Task AskAll(ProcessFleet fleet, ModelOptions model)
    {
        string[] expected = Workload.OneProcess(model.Directory, model.Precision);
        if (model.Replicas == 1)
        {
            return Workload.AskAll(model.Name, expected, (i, cancel) => Workload.AskGateway(fleet.Grains, model.Name, i, cancel));
        }

        Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(model.Directory);
        return Workload.AskAll(model.Name, expected, (i, cancel) =>
            Workload.AskRouter(fleet.Grains, new ModelGrainKey(model.Name, i / 2 % model.Replicas), tokenizer, i, cancel));
    }

    // The work was done on all nodes, by every shard.
    private static void AssertSpread(ModelOptions model, IReadOnlyList<NodeStatus> nodes)
    {
        HostedShard[] shards = [.. nodes.SelectMany(node => node.Devices).SelectMany(device => device.Shards).Where(shard => shard.Model == model.Name)];
        Assert.Equal(Enumerable.Range(0, model.ExpertShards), shards.Select(shard => shard.Shard).Order());
        Assert.All(shards, shard => Assert.True(shard.ChoiceCount > 100, $"shard {shard.Shard} of {model.Name} has computed {shard.ChoiceCount} choices"));
    }

    private static int HomesOfRouters(ModelOptions model, IReadOnlyList<NodeStatus> nodes) =>
        nodes.Count(node => node.Devices.Any(device => device.Routers.Any(router => router.Model == model.Name)));

    private static int[] Evenly(int shards, int nodes) =>
        [.. Enumerable.Range(0, nodes).Select(node => (shards / nodes) + (node < shards % nodes ? 1 : 0))];
}
