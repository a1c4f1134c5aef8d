using Qwen3.Cluster.Client;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>Sixteen processes on one machine are one cluster.</summary>
[Collection(nameof(ProcessFleets))]
public sealed class SixteenSilosTests
{
    private const int Silos = 16;

    [Fact]
    public async Task SixteenSilosServeTheEmbeddedModel()
    {
        ModelOptions model = new()
        {
            Name = EmbeddedModel.Name,
            Directory = EmbeddedModel.Directory,
            ExpertShards = Silos,
            Replicas = 2,
            Threads = 1,
            CacheTokens = 4096,
        };
        await using ProcessFleet fleet = await ProcessFleet.Start(Silos, [model], new KeyValuePair<string, string>("Qwen3:Preload", "false"));
        using Qwen3Client client = new(await fleet.AddGateway());

        // As many requests as load the model: it is loaded over all of them at once.
        await Task.WhenAll(Enumerable.Range(0, model.Replicas).Select(replica =>
            fleet.Grains.GetGrain<IRouterGrain>(new ModelGrainKey(model.Name, replica).ToString()).GetStatus()));
        await fleet.WaitForShards(model.Name, [.. Enumerable.Repeat(1, Silos)]);

        Reply sum = await client.ChatAsync(
                new Protos.ChatRequest
                {
                    Mode = Protos.Mode.Fast,
                    Sampling = new Protos.Sampling { Temperature = 0 },
                    Messages = { new Protos.Message { Role = Protos.Role.User, Content = "What is 47 + 38?" } },
                },
                TestContext.Current.CancellationToken)
            .ToReplyAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("85", sum.Answer);
        await Workload.AskAll(
            "16 silos",
            Workload.OneProcess(model.Directory),
            (i, cancel) => ReplyTrace.Of(client.GenerateAsync(Workload.Request(i, model.Name), cancel), cancel));

        HostedShard[] shards = [.. (await fleet.Nodes()).SelectMany(node => node.Devices).SelectMany(device => device.Shards)];
        Assert.All(shards, shard => Assert.True(shard.ChoiceCount > 100, $"shard {shard.Shard} has computed {shard.ChoiceCount} choices"));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', fleet.Silos.Select(silo =>
            $"{silo.Name}: {silo.WorkingSet / 1e6:0} MB, {silo.ProcessorTime.TotalSeconds:0.0} s of a processor")));
    }
}
