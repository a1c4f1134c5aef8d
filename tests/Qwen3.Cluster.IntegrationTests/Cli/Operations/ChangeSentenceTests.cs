using Qwen3.Cluster.Cli.Operations;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Operations;

public class ChangeSentenceTests
{
    [Fact]
    public void ARebalancingSaysBeforeAndAfter()
    {
        BalanceReport report = new() { Model = "big", ImbalanceBefore = 2.314, ImbalanceAfter = 1.081, ExpertsLoaded = 1, ExpertsReplicated = 12, ChoicesCounted = 12_345 };
        Assert.Equal(
            "The busiest shard of 'big' has 1.08 times the mean load, before it was 2.31: shards loaded 1 expert, 12 are replicated now, by 12,345 choices.",
            ChangeSentence.Of(report));
    }

    [Fact]
    public void ARebalancingThatChangedNothingSaysWhy()
    {
        Assert.Equal(
            "No expert of 'big' moved: its busiest shard has 1.05 times the mean load, over 12,345 choices of experts.",
            ChangeSentence.Of(new BalanceReport { Model = "big", ImbalanceBefore = 1.05, ImbalanceAfter = 1.05, ChoicesCounted = 12_345 }));
        Assert.Contains("nothing is known", ChangeSentence.Of(new BalanceReport { Model = "big", ImbalanceBefore = 1, ImbalanceAfter = 1 }));
    }

    [Fact]
    public void ASpreadingSaysWhatEachNodeHadAndHas()
    {
        Topology before = ScriptedTopology.TwoNodes(), after = ScriptedTopology.TwoNodes();
        before.Nodes.RemoveAt(1);
        after.Nodes[0].Devices[0].Shards.RemoveAt(2);
        Assert.Equal(
            "2 shards of 'big' moved: rack-7:11111 3 → 2, rack-8:11111 0 → 2.",
            ChangeSentence.Of(new SpreadReport { Model = "big", ShardsMoved = 2 }, before, after));
        Assert.Equal(
            "No shard of 'big' moved: they are spread as evenly as they can be.",
            ChangeSentence.Of(new SpreadReport { Model = "big" }, before, after));
        Assert.Equal(
            "No shard of 'big' moved: none is loaded yet.", ChangeSentence.Of(new SpreadReport { Model = "big" }, new Topology(), new Topology()));
    }
}
