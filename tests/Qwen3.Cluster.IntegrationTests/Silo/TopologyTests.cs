using Microsoft.Extensions.DependencyInjection;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Silo;

/// <summary>What an operator sees of silos that are there.</summary>
public sealed class TopologyTests
{
    [Fact]
    public async Task Both_silos_say_what_they_hold()
    {
        await using TestFleet fleet = await TestFleet.Start(2);
        await fleet.WaitForShards(4, 4);
        await Ask(fleet.Silos[0]);
        await WaitForLoad(fleet.Map);

        // Whichever silo is asked, it tells of all.
        ClusterTopology topology = await TopologyOf(fleet.Silos[1]);

        Assert.Empty(topology.SilentNodes);
        Assert.Equal(fleet.Silos.Select(TestFleet.NameOf).Order(StringComparer.Ordinal), topology.Nodes.Select(node => node.Name));
        DeviceStatus[] devices = [.. topology.Nodes.Select(node => Assert.Single(node.Devices))];
        Assert.All(devices, device => Assert.Equal(4, device.Shards.Count));
        HostedShard[] shards = [.. devices.SelectMany(device => device.Shards)];
        Assert.Equal(Enumerable.Range(0, 8), shards.Select(shard => shard.Shard).Order());
        Assert.True(shards.Sum(shard => shard.ChoiceCount) > 0);
        HostedRouter router = Assert.Single(devices.SelectMany(device => device.Routers));
        Assert.Equal((0, 256), (router.Status.Running, router.Status.PageCount));

        ModelStatus model = Assert.Single(topology.Models);
        Assert.Equal((TestFleet.Model, ""), (model.Name, model.Problem));
        Assert.Equal((8, 1), (model.Experts!.ShardCount, model.Experts.ReplicaCount));
        Assert.Equal(8, model.Experts.LoadShares.Count);
        Assert.Equal(1, model.Experts.LoadShares.Sum(), 6);
        Assert.InRange(model.Experts.Imbalance, 1, 8);
    }

    [Fact]
    public async Task A_model_that_nobody_has_asked_for_stays_as_it_is()
    {
        string broken = TinyChatModel.Make("topology-broken", experts: 16);
        File.Delete(Path.Combine(broken, "model.safetensors"));
        await using TestSilo silo = await TestSilo.Start(
            options =>
            {
                options.Preload = false;
                options.Models = [new ModelOptions { Name = "tiny", Directory = TinyChatModel.Moe.Value }, new ModelOptions { Name = "broken", Directory = broken }];
            },
            backend: null);
        await Assert.ThrowsAsync<ModelUnavailableException>(
            () => silo.Grains.GetGrain<IModelCatalogGrain>(0).Tokenize("broken", "x", plain: true, TestContext.Current.CancellationToken));

        ClusterTopology topology = await TopologyOf(silo);

        Assert.Equal(["tiny", "broken"], topology.Models.Select(model => model.Name));
        Assert.All(topology.Models, model => Assert.Null(model.Experts));
        Assert.Null(await silo.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(
            silo.Grains.GetGrain<IExpertMapGrain>("tiny"), TestContext.Current.CancellationToken));
        NodeStatus node = Assert.Single(topology.Nodes);
        Assert.All(node.Devices, device => Assert.Empty(device.Routers));
        Assert.Contains("model.safetensors", Assert.Single(node.Problems));
    }

    [Fact]
    public async Task What_has_no_place_is_told_with_the_reason()
    {
        await using TestSilo silo = await TestSilo.Start(
            options =>
            {
                options.Node.MemoryBytes = 1;
                options.Models = [new ModelOptions { Name = "tiny", Directory = TinyChatModel.Moe.Value }];
            },
            backend: null);

        ModelStatus model = Assert.Single((await TopologyOf(silo)).Models);

        Assert.NotEmpty(model.Problem);
        Assert.Equal(0, model.Experts!.Version);
    }

    private static Task<ClusterTopology> TopologyOf(TestSilo silo) =>
        silo.Grains.GetGrain<ITopologyGrain>(0).GetTopology().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    private static async Task Ask(TestSilo silo)
    {
        var call = new GenerateCall { Text = "What is 1 + 2?", Sampling = new SamplingSettings { Seed = 1, MaxTokens = 20 } };
        await silo.Gateway().Generate(call, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
    }

    // Routers report what they counted every two seconds.
    private static async Task WaitForLoad(IExpertMapGrain map)
    {
        for (int i = 0; i < 200 && (await map.GetStatus()).ChoicesCounted == 0; i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
