using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.IntegrationTests.Fleet;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Silo;

/// <summary>Experts that move between shards while streams run: the load is even, and no token changes.</summary>
public sealed class FleetBalanceTests
{
    private const int Streams = 6;

    // Of each sparse layer two experts have two fifths of all choices, and they are on the same shard.
    private const int HotInLayer1 = 0;
    private const int HotInLayer2 = 3;

    // So large that what the streams of a test add to it does not show.
    private const long Choices = 1_000_000_000;

    private readonly string[] _expected = Workload.OneProcess(TinyChatModel.Moe.Value);

    [Fact]
    public async Task ASkewedLoadIsEvenedOutInMidStream()
    {
        await using TestFleet fleet = await TestFleet.Start(2);
        await fleet.WaitForShards(4, 4);
        SteadyLoad load = await Load(fleet);

        await fleet.Map.ReportLoad(replica: 0, Skewed());
        BalanceReport report = await fleet.Map.Rebalance();
        Assert.True(report.ImbalanceBefore >= 2, $"{report.ImbalanceBefore} before");
        Assert.True(report.ImbalanceAfter <= 1.2, $"{report.ImbalanceAfter} after");
        Assert.True(report.ExpertsReplicated >= 4, $"{report.ExpertsReplicated} replicated");
        Assert.InRange((await fleet.Map.GetStatus()).Imbalance, 1, 1.2);

        await load.GoesOn();
        await load.End();

        // The same load needs nothing more.
        await fleet.Map.ReportLoad(replica: 0, Skewed());
        Assert.Equal(0, (await fleet.Map.Rebalance()).ExpertsLoaded);
        await AssertReplicasTakeTurns(fleet, layer: 1, HotInLayer1);
        await AssertReplicasTakeTurns(fleet, layer: 2, HotInLayer2);
    }

    [Fact]
    public async Task AMapThatIsLostAfterABalanceIsDrawnAnewInMidStream()
    {
        await using TestFleet fleet = await TestFleet.Start(2, model => model.Replicas = 2);
        await fleet.WaitForShards(4, 4);
        await TestFleet.WaitFor(() => fleet.RouterCounts() is [1, 1]);
        SteadyLoad load = await Load(fleet);
        await fleet.Map.ReportLoad(replica: 0, Skewed());
        await fleet.Map.Rebalance();
        await load.GoesOn();

        for (int i = 0; i < 3; i++)
        {
            // The next who asks for it makes it open all shards, which drop what they had for the balance.
            await fleet.Map.AsReference<IGrainManagementExtension>().DeactivateOnIdle(TestContext.Current.CancellationToken);
            await fleet.Map.GetMap(replica: 0);
            await load.GoesOn();
            await fleet.Map.ReportLoad(replica: 1, Skewed());
            Assert.InRange((await fleet.Map.Rebalance()).ImbalanceAfter, 1, 1.2);
            await load.GoesOn();
        }

        await load.End();
    }

    private static long[][] Skewed() =>
    [
        [.. Enumerable.Repeat(Choices / 4, 4)], // The slices of a dense layer: every token goes to all.
        Skewed(HotInLayer1),
        Skewed(HotInLayer2),
    ];

    private static long[] Skewed(int hot) =>
        [.. Enumerable.Range(0, 16).Select(expert => expert % 8 == hot ? Choices / 5 : Choices * 3 / 5 / 14)];

    private Task<SteadyLoad> Load(TestFleet fleet) => SteadyLoad.Start(
        Streams, _expected, (i, cancel) => Workload.AskGateway(fleet.Silos[i % fleet.Silos.Count].Grains, TestFleet.Model, i, cancel));

    // Asks one expert as a router of the second silo does, and counts where it was computed.
    private static async Task AssertReplicasTakeTurns(TestFleet fleet, int layer, int expert)
    {
        const int Tokens = 60;
        using Checkpoint checkpoint = Checkpoint.Open(TinyChatModel.Moe.Value);
        ExpertLayout layout = ExpertLayout.For(checkpoint.Config);
        ExpertMap map = await fleet.Map.GetMap(replica: 0);
        int[] holders = [.. map.Placement.ShardsOf(layer, expert).ToArray().Select(shard => (int)shard)];
        Assert.True(holders.Length >= 2);

        using var backend = new SimdBackend();
        using var alone = new LocalExpertPool(backend, checkpoint, layout);
        RoutedTokens expected = Route(layout, expert, Tokens);
        alone.Begin(layer, expected).Finish();

        ShardTable table = await fleet.Silos[1].Host.Services.GetRequiredService<ShardFinder>().Find(TestFleet.Model, map);
        using var pool = new ClusterExpertPool(
            TestFleet.Model, layout, ActivationPrecision.Float32, table, _ => Task.FromResult(table), TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        RoutedTokens tokens = Route(layout, expert, Tokens);
        Dictionary<int, long> before = ChoicesOf(fleet);
        await Task.Run(() => pool.Begin(layer, tokens).Finish(), TestContext.Current.CancellationToken);
        Dictionary<int, long> after = ChoicesOf(fleet);

        Assert.Equal(expected.Outputs.ToArray(), tokens.Outputs.ToArray());
        foreach (int shard in before.Keys)
        {
            Assert.Equal(holders.Contains(shard) ? Tokens / holders.Length : 0, after[shard] - before[shard]);
        }
    }

    private static RoutedTokens Route(ExpertLayout layout, int expert, int count)
    {
        var random = new Random(5);
        RoutedTokens tokens = new(layout.HiddenSize, layout.MaxChoices);
        tokens.Reset(count);
        foreach (ref float value in tokens.Inputs.Span)
        {
            value = random.NextSingle() - 0.5f;
        }

        float[] probabilities = [.. Enumerable.Range(0, 16).Select(id => id == expert ? 1f : 0)];
        for (int token = 0; token < count; token++)
        {
            tokens.ChooseTop(token, probabilities, expertsPerToken: 1, expertLimit: int.MaxValue, normalize: false);
        }

        return tokens;
    }

    private static Dictionary<int, long> ChoicesOf(TestFleet fleet) => fleet.Silos
        .SelectMany(silo => silo.Host.Services.GetRequiredService<NodeShards>().All)
        .ToDictionary(shard => shard.Key.Index, shard => shard.ChoiceCount);
}
