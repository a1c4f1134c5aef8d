using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Silo.Experts;

public sealed class ClusterExpertPoolTests
{
    private static readonly ShardTable Table = new(new ExpertMap { Version = 1, Placement = ExpertPlacement.Dealt([4], 1), Shards = [] }, []);

    [Fact]
    public void ASearchThatIsCutOffIsAFailureOfTheShards()
    {
        // So a router says that it is lost, and another goes on; anything else would end its requests.
        using ClusterExpertPool pool = Pool(Task.FromCanceled<ShardTable>(new CancellationToken(canceled: true)));
        ExpertShardException failure = Assert.Throws<ExpertShardException>(() => pool.Replace([7], new IOException("shard 3 is silent")));
        Assert.StartsWith("shard 3 is silent; and then: ", failure.Message);
    }

    [Fact]
    public void ASearchThatFailsSaysWhy()
    {
        using ClusterExpertPool pool = Pool(Task.FromException<ShardTable>(new InvalidOperationException("no node has room")));
        ExpertShardException failure = Assert.Throws<ExpertShardException>(() => pool.Replace([7], new IOException("shard 3 is silent")));
        Assert.Equal("shard 3 is silent; and then: no node has room", failure.Message);
    }

    private static ClusterExpertPool Pool(Task<ShardTable> found)
    {
        using Checkpoint checkpoint = FixtureCheckpoints.Open("tiny-moe");
        return new ClusterExpertPool(
            "model", ExpertLayout.For(checkpoint.Config), ActivationPrecision.Float32, Table, _ => found, TimeSpan.FromSeconds(5), CancellationToken.None);
    }
}
