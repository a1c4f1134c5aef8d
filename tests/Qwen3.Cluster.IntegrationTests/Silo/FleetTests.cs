using Qwen3.Cluster.Contracts.Messages;

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

    private static async Task<List<int[]>> AskAll(TestFleet fleet, int count) => [.. await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
    {
        var call = new GenerateCall
        {
            Text = $"What is {i} + {i * i}?",
            Sampling = new SamplingSettings { Temperature = i % 2, TopK = 0, TopP = 1, Seed = (ulong)i, MaxTokens = 200 },
        };
        List<ReplyEvent> events = await fleet.Silos[i % fleet.Silos.Count].Gateway().Generate(call, TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        return events.OfType<ReplyDelta>().SelectMany(delta => delta.TokenIds).ToArray();
    }))];
}
