using System.Text.Json;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.IntegrationTests.Hosting;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

/// <summary>topology, rebalance and spread, with servers that are there.</summary>
public class TopologyCommandTests
{
    [Fact]
    public async Task ShowsAServerOfAnotherProcess()
    {
        using NodeProcess node = await NodeProcess.Start("all", "--model", TinyChatModel.Moe.Value, "--shards", "5", "--urls", "http://127.0.0.1:0").ReadyAsync();
        using CommandProcess topology = CommandProcess.Start("topology", "--server", node.Address);
        string text = await topology.Output.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Success, await topology.ExitCodeAsync());
        Assert.StartsWith("1 node on 1 host · 1 device · 1 model · ", text);
        Assert.Matches(@"\n \S+:\d+ +cpu ×\d+ .* 0–4 +0: 0 running, 0 waiting, cache 0 %\n", text);
        Assert.Matches(@"\n tiny-chat-moe +5 of 5 +1 of 1 +– ", text);
        Assert.DoesNotContain('\u001b', text);

        using CommandProcess watch = CommandProcess.Start("topology", "--server", node.Address, "--watch", "0.1", "--json");
        for (int i = 0; i < 2; i++)
        {
            string? line = await watch.Output.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.Equal(1, JsonDocument.Parse(line!).RootElement.GetProperty("nodes").GetArrayLength());
        }

        watch.Signal(CommandProcess.SigInt);
        Assert.Equal(ExitCode.Interrupted, await watch.ExitCodeAsync());
    }

    [Fact]
    public async Task RebalancesAndSpreads()
    {
        await using OwnCluster cluster = await OwnCluster.StartAsync(
            new ModelOptions { Name = "tiny", Directory = TinyChatModel.Moe.Value }, isVerbose: false);
        string[] server = ["--server", cluster.Address.ToString()];

        CommandRun rebalance = await CommandRun.Of(["rebalance", .. server]);
        CommandRun report = await CommandRun.Of(["rebalance", "tiny", "--json", .. server]);
        CommandRun spread = await CommandRun.Of(["spread", "tiny", .. server]);
        CommandRun unknown = await CommandRun.Of(["spread", "other", .. server]);

        Assert.Equal((ExitCode.Success, ""), (rebalance.ExitCode, rebalance.Error));
        Assert.StartsWith("No expert of 'tiny' moved: no choice of experts was counted lately", rebalance.Output);
        Assert.Equal("tiny", JsonDocument.Parse(report.Output).RootElement.GetProperty("model").GetString());
        Assert.Equal("No shard of 'tiny' moved: they are spread as evenly as they can be.\n", spread.Output);
        Assert.Equal((ExitCode.Failure, "qwen3: There is no model 'other' here; there is tiny.\n"), (unknown.ExitCode, unknown.Error));
    }
}
