using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Silo;

/// <summary>Shards on several silos: where they go, how they move, and that no token changes.</summary>
public sealed class FleetTests
{
    [Fact]
    public async Task ShardsSpreadOverSilosThatCome()
    {
        await using TestFleet fleet = await TestFleet.Start(3);
        await fleet.WaitForShards(3, 3, 2);
    }

    [Fact]
    public async Task TokensStayTheSameWhileSilosCome()
    {
        await using TestFleet alone = await TestFleet.Start(1);
        List<int[]> expected = await AskAll(alone, 8);

        await using TestFleet fleet = await TestFleet.Start(2);
        Task<List<int[]>> asking = AskAll(fleet, 8);
        await fleet.AddSilo();
        await fleet.WaitForShards(3, 3, 2);
        Assert.Equal(expected, await asking);
        Assert.Equal(expected, await AskAll(fleet, 8));
    }

    [Fact]
    public async Task RoutersOfSeveralReplicasLiveApartAndShareTheShards()
    {
        await using TestFleet alone = await TestFleet.Start(1);
        List<int[]> expected = await AskAll(alone, 8);

        await using TestFleet fleet = await TestFleet.Start(2, model => model.Replicas = 2);
        await TestFleet.WaitFor(() => fleet.RouterCounts() is [1, 1]);
        await fleet.WaitForShards(4, 4);
        Assert.Equal(expected, await AskAll(fleet, 8));
        RouterStatus[] routers = [.. await Task.WhenAll(Enumerable.Range(0, 2).Select(replica => fleet.Silos[0].Router(replica: replica).GetStatus()))];
        Assert.All(routers, router => Assert.True(router.FreePages < router.PageCount || router.Running == 0));
    }

    [Fact]
    public async Task APromptGoesToTheReplicaThatHasItsBeginning()
    {
        await using TestFleet fleet = await TestFleet.Start(1, model => model.Replicas = 3);
        string beginning = string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog. ", 4));
        ReplyUsage first = await Usage(fleet, beginning + "And then?");
        ReplyUsage[] next = [await Usage(fleet, beginning + "And then it rested."), await Usage(fleet, beginning + "So it went.")];
        Assert.Equal(0, first.CachedPromptTokens);
        Assert.All(next, usage => Assert.True(usage.CachedPromptTokens >= beginning.Length - 16));
    }

    [Fact]
    public async Task AStreamGoesOnWhenItsRoutersSiloStops()
    {
        await using TestFleet alone = await TestFleet.Start(1);
        List<int[]> expected = await AskAll(alone, 8);

        // The router was placed when there was one silo; it leaves for the second when that one is asked to.
        await using TestFleet fleet = await TestFleet.Start(3);
        await fleet.WaitForShards(3, 3, 2);
        await fleet.Silos[0].Router().Leave();
        await fleet.Silos[0].Router().GetStatus();
        int home = Array.IndexOf(fleet.RouterCounts(), 1);
        Task<List<int[]>> asking = AskAll(fleet, 8, through: fleet.Silos[0]);
        await TestFleet.WaitFor(() => fleet.Silos[home].Router().GetStatus().Result.Running > 0 || asking.IsCompleted);
        await fleet.Silos[0].Router().Leave();
        Assert.Equal(expected, await asking);

        await fleet.Stop(fleet.Silos[2]);
        await fleet.WaitForShards(4, 4);
        Assert.Equal(expected, await AskAll(fleet, 8));
    }

    [Fact]
    public async Task ASiloWithOtherSettingsOfTheModelGetsNoPartOfIt()
    {
        ActivationPrecision precision = ActivationPrecision.Float32;
        await using TestFleet fleet = await TestFleet.Start(1, model => model.Precision = precision);
        precision = ActivationPrecision.BFloat16;
        await fleet.AddSilo();
        precision = ActivationPrecision.Float32;
        await fleet.AddSilo();
        await fleet.WaitForShards(4, 0, 4);
        Assert.Equal(0, fleet.ShardCounts()[1]);
    }

    [Fact]
    public async Task WhatFitsNowhereIsRefusedWithTheNumbers()
    {
        await using TestSilo silo = await TestSilo.Start(
            options =>
            {
                options.Models = [new ModelOptions { Name = "tiny", Directory = TinyChatModel.Moe.Value, Backend = "reference" }];
                options.Node.MemoryBytes = 1_000_000;
            },
            backend: null);
        var failure = await Assert.ThrowsAsync<ModelUnavailableException>(
            async () => await silo.Gateway().Generate(new GenerateCall { Text = "Hello" }, TestContext.Current.CancellationToken)
                .ToListAsync(TestContext.Current.CancellationToken));
        Assert.Matches("^router 0 of 'tiny' needs [0-9.]+ MB; the only node for it, '[^']*', has 1.0 MB left on cpu: add a node, or memory, or serve less.$", failure.Message);
    }

    private static async Task<ReplyUsage> Usage(TestFleet fleet, string text)
    {
        var call = new GenerateCall { Text = text, Sampling = new SamplingSettings { MaxTokens = 2 } };
        List<ReplyEvent> events = await fleet.Silos[0].Gateway().Generate(call, TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        return Assert.Single(events.OfType<ReplyFinished>()).Usage;
    }

    private static async Task<List<int[]>> AskAll(TestFleet fleet, int count, TestSilo? through = null) => [.. await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
    {
        var call = new GenerateCall
        {
            Text = $"What is {i} + {i * i}?",
            Sampling = new SamplingSettings { Temperature = i % 2, TopK = 0, TopP = 1, Seed = (ulong)i, MaxTokens = 200 },
        };
        List<ReplyEvent> events = await (through ?? fleet.Silos[i % fleet.Silos.Count]).Gateway().Generate(call, TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        return events.OfType<ReplyDelta>().SelectMany(delta => delta.TokenIds).ToArray();
    }))];
}
