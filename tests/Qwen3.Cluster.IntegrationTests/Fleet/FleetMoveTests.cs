using System.Diagnostics;
using Orleans.Core.Internal;
using Orleans.Runtime.Placement;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>Processes that come, go and die while streams run: no stream ends, and no token changes.</summary>
[Collection(nameof(ProcessFleets))]
public sealed class FleetMoveTests
{
    private const int Streams = 8;

    // Of the silos that models with this label live on: the primary one, which has to live, holds nothing of them then.
    private static readonly KeyValuePair<string, string> Works = new("Qwen3:Node:Labels:works", "yes");

    private readonly ModelOptions _model = FleetModels.MoeOfTwoReplicas;
    private readonly string[] _expected = Workload.OneProcess(FleetModels.Moe.Directory);

    [Fact]
    public async Task AFifthSiloTakesShardsInMidStream()
    {
        await using ProcessFleet fleet = await ProcessFleet.Start(4, [_model]);
        await fleet.WaitForShards(_model.Name, 2, 2, 2, 2);
        SteadyLoad load = await Load(fleet);

        NodeProcess fifth = await fleet.AddSilo();
        await fleet.WaitForShards(_model.Name, 2, 2, 2, 1, 1);
        await load.GoesOn();
        await load.End();

        HostedShard taken = Assert.Single(
            (await fleet.Nodes()).Single(node => node.ProcessId == fifth.Id).Devices.SelectMany(device => device.Shards));
        Assert.True(taken.ChoiceCount > 100, $"the new silo's shard has computed {taken.ChoiceCount} choices");
    }

    [Fact]
    public async Task ASiloThatIsToldToStopHandsItsShardsOnInMidStream()
    {
        await using ProcessFleet fleet = await ProcessFleet.Start(3, [_model]);
        await fleet.WaitForShards(_model.Name, 3, 3, 2);
        SteadyLoad load = await Load(fleet);

        NodeProcess leaving = await WithoutRouter(fleet);
        leaving.Signal(NodeProcess.SigTerm);
        Assert.Equal(0, await leaving.Exit());
        await fleet.WaitForShards(_model.Name, 4, 4);
        await load.GoesOn();
        await load.End();

        // They moved: nobody had to look for them.
        Assert.DoesNotContain(fleet.Silos.SelectMany(silo => silo.Lines), line => line.Contains("did not answer replica", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ASiloWithRoutersThatIsToldToStopLetsStreamsEnd()
    {
        _model.NodeLabels["works"] = "yes";
        await using ProcessFleet fleet = await ProcessFleet.Start(1, [_model]);
        NodeProcess leaving = await fleet.AddSilo(Works);
        await fleet.AddSilo(Works);
        await fleet.WaitForShards(_model.Name, 4, 4, 0);

        Task asking = Workload.AskAll(_model.Name, _expected, (i, cancel) => Workload.AskGateway(fleet.Grains, _model.Name, i, cancel));
        await fleet.WaitUntil(async () => (await Running(fleet)) > 0, () => "Streams should run");
        leaving.Signal(NodeProcess.SigTerm);
        await asking;
        Assert.Equal(0, await leaving.Exit());
        await Workload.AskAll(_model.Name, _expected, (i, cancel) => Workload.AskGateway(fleet.Grains, _model.Name, i, cancel));
    }

    [Fact]
    public async Task ShardsOfAKilledSiloAreLoadedElsewhereInMidStream()
    {
        await using ProcessFleet fleet = await ProcessFleet.Start(3, [_model]);
        await fleet.WaitForShards(_model.Name, 3, 3, 2);
        SteadyLoad load = await Load(fleet);

        NodeProcess victim = await WithoutRouter(fleet);
        victim.Signal(NodeProcess.SigKill);
        await fleet.WaitForShards(_model.Name, 4, 4);
        await load.GoesOn();
        await load.End();
    }

    [Fact]
    public async Task StreamsOfAKilledRouterGoOnWithAnother()
    {
        _model.NodeLabels["works"] = "yes";
        await using ProcessFleet fleet = await ProcessFleet.Start(1, [_model]);
        NodeProcess victim = await fleet.AddSilo(Works);
        await fleet.AddSilo(Works);
        await fleet.WaitForShards(_model.Name, 0, 4, 4);
        SteadyLoad load = await Load(fleet);

        Assert.NotEmpty((await fleet.Nodes()).Single(node => node.ProcessId == victim.Id).Devices.SelectMany(device => device.Routers));
        victim.Signal(NodeProcess.SigKill);
        await fleet.WaitForShards(_model.Name, 0, 8);
        await load.GoesOn();
        await load.End();
    }

    [Fact]
    public async Task AReplyWhoseRouterStandsStillEndsByItsTime()
    {
        _model.NodeLabels["works"] = "yes";
        await using ProcessFleet fleet = await ProcessFleet.Start(1, [_model]);
        NodeProcess victim = await fleet.AddSilo(Works);
        await fleet.WaitForShards(_model.Name, 0, 8);
        await Workload.AskGateway(fleet.Grains, _model.Name, 0, TestContext.Current.CancellationToken);

        // It neither answers nor is it gone, as long as the cluster has not noticed.
        victim.Signal(NodeProcess.SigStop);
        TimeSpan responseTime = TimeSpan.FromSeconds(1);
        ReplyEvent[][] replies = await Task.WhenAll(Enumerable.Range(0, Streams).Select(async i =>
        {
            long started = Stopwatch.GetTimestamp();
            ReplyEvent[] events = await fleet.Grains.GetGrain<IGatewayGrain>(Guid.NewGuid().ToString())
                .Generate(
                    Workload.Call(i, _model.Name) with { Budget = new BudgetSettings { ResponseTime = responseTime } }, TestContext.Current.CancellationToken)
                .ToArrayAsync(TestContext.Current.CancellationToken);
            Assert.InRange(Stopwatch.GetElapsedTime(started), responseTime / 2, responseTime * 2);
            return events;
        }));
        Assert.All(replies, reply => Assert.Equal(FinishReason.Deadline, Assert.IsType<ReplyFinished>(reply[^1]).Reason));
    }

    [Fact]
    public async Task TheMapOfAKilledSiloIsDrawnAnewInMidStream()
    {
        await using ProcessFleet fleet = await ProcessFleet.Start(3, [_model]);
        await fleet.WaitForShards(_model.Name, 3, 3, 2);
        SteadyLoad load = await Load(fleet);

        NodeProcess victim = await WithoutRouter(fleet);
        NodeStatus node = (await fleet.Nodes()).Single(node => node.ProcessId == victim.Id);
        var map = fleet.Grains.GetGrain<IExpertMapGrain>(_model.Name);
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(node.Name));
        await map.AsReference<IGrainManagementExtension>().MigrateOnIdle(TestContext.Current.CancellationToken);
        RequestContext.Clear();
        await fleet.WaitUntil(
            async () => (await fleet.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(map))?.ToParsableString() == node.Name,
            () => "The map should be on the silo that is killed");
        await load.GoesOn();

        victim.Signal(NodeProcess.SigKill);
        await fleet.WaitForShards(_model.Name, 4, 4);
        await load.GoesOn();
        await load.End();
    }

    private Task<SteadyLoad> Load(ProcessFleet fleet) =>
        SteadyLoad.Start(Streams, _expected, (i, cancel) => Workload.AskGateway(fleet.Grains, _model.Name, i, cancel));

    private async Task<int> Running(ProcessFleet fleet)
    {
        RouterStatus[] routers = await Task.WhenAll(Enumerable.Range(0, _model.Replicas).Select(replica =>
            fleet.Grains.GetGrain<IRouterGrain>(new ModelGrainKey(_model.Name, replica).ToString()).GetStatus()));
        return routers.Sum(router => router.Running);
    }

    // Not the primary silo either.
    private static async Task<NodeProcess> WithoutRouter(ProcessFleet fleet)
    {
        IReadOnlyList<NodeStatus> nodes = await fleet.Nodes();
        return fleet.Silos.Skip(1).First(silo => nodes.Single(node => node.ProcessId == silo.Id).Devices.All(device => device.Routers.Count == 0));
    }
}
