using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.UnitTests.Experts;

public sealed class ExpertWeightsTests
{
    [Fact]
    public void All_three_are_fetched_at_the_first_use_and_not_again()
    {
        CountingWeight gate = new(), up = new(), down = new();
        ExpertWeights expert = new(gate, up, down);
        Assert.Equal((0, 0, 0), (gate.Fetches, up.Fetches, down.Fetches));
        expert.FetchOnce();
        expert.FetchOnce();
        Assert.Equal((1, 1, 1), (gate.Fetches, up.Fetches, down.Fetches));
    }

    private sealed class CountingWeight() : Weight(1, 1)
    {
        public int Fetches { get; private set; }

        public override long ByteCount => 0;

        public override void Fetch() => Fetches++;

        public override void Dispose()
        {
        }
    }
}
