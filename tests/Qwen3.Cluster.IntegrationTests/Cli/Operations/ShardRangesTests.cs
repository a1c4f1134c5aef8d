using Qwen3.Cluster.Cli.Operations;

namespace Qwen3.Cluster.IntegrationTests.Cli.Operations;

public class ShardRangesTests
{
    [Theory]
    [InlineData("", new uint[0])]
    [InlineData("7", new uint[] { 7 })]
    [InlineData("0, 1", new uint[] { 1, 0 })]
    [InlineData("0–3, 7", new uint[] { 7, 2, 3, 0, 1, 2 })]
    [InlineData("1, 3, 5–7", new uint[] { 1, 3, 5, 6, 7 })]
    public void JoinsNeighbours(string text, uint[] shards) => Assert.Equal(text, ShardRanges.Of(shards));
}
