using Microsoft.Extensions.DependencyInjection;
using Qwen3.Cluster.IntegrationTests.Fleet;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Links;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Silo;

/// <summary>Links that break in mid-stream: no stream ends, and no token changes.</summary>
public sealed class FleetLinkTests
{
    private const int Streams = 6;

    private readonly string[] _expected = Workload.OneProcess(TinyChatModel.Moe.Value);

    [Fact]
    public async Task LinksThatAreCutAreOpenedAnew()
    {
        // Two routers on two nodes lose the shards of each other's node at once, and of the third.
        await using TestFleet fleet = await TestFleet.Start(3, model => model.Replicas = 2);
        await fleet.WaitForShards(3, 3, 2);
        await TestFleet.WaitFor(() => fleet.RouterCounts().Count(count => count == 1) == 2);
        SteadyLoad load = await Load(fleet);

        int cut = 0;
        for (int i = 0; i < 5; i++)
        {
            foreach (NodeLink link in await OpenLinks(fleet))
            {
                link.Close("the test cuts it");
                cut++;
            }

            await load.GoesOn();
        }

        await load.End();
        Assert.True(cut >= 20, $"There were {cut} links to cut.");
        Assert.Equal(3, fleet.ShardCounts().Count(count => count > 0));
    }

    [Fact]
    public async Task WhereNoLinkCanBeOpenedGrainCallsGiveTheSameTokens()
    {
        await using TestFleet fleet = await TestFleet.Start(2);
        await fleet.WaitForShards(4, 4);
        SteadyLoad load = await Load(fleet);

        int home = Array.IndexOf(fleet.RouterCounts(), 1);
        TestSilo other = fleet.Silos[1 - home];
        await other.Host.Services.GetRequiredService<LinkListener>().DisposeAsync();
        await load.GoesOn();
        long before = ChoicesOf(other);
        await load.GoesOn();
        await load.End();
        Assert.True(ChoicesOf(other) > before);
    }

    private static long ChoicesOf(TestSilo silo) => silo.Host.Services.GetRequiredService<NodeShards>().All.Sum(shard => shard.ChoiceCount);

    private static async Task<IReadOnlyList<NodeLink>> OpenLinks(TestFleet fleet)
    {
        NodeLink?[] links = await Task.WhenAll(
            from silo in fleet.Silos
            from other in fleet.Silos
            where silo != other
            select silo.Host.Services.GetRequiredService<LinkCatalog>().Get(other.Host.Services.GetRequiredService<LinkListener>().Endpoint));
        Assert.All(links, link => Assert.True(link!.IsOpen));
        return links!;
    }

    private Task<SteadyLoad> Load(TestFleet fleet) => SteadyLoad.Start(
        Streams, _expected, (i, cancel) => Workload.AskGateway(fleet.Silos[i % fleet.Silos.Count].Grains, TestFleet.Model, i, cancel));
}
