using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.UnitTests.Silo.Placement;

public class ExpertLoadTests
{
    [Fact]
    public void Counts_add_up_and_older_ones_fade_to_nothing()
    {
        var load = new ExpertLoad([3, 1]);
        load.Add(0, [5, 0, 8]);
        load.Halve();
        load.Add(0, [1, 1, 1]);

        Assert.Equal([3, 1, 5], load.TokensOf(0).ToArray());
        Assert.Equal([0], load.TokensOf(1).ToArray());
        load.Halve();
        load.Halve();
        load.Halve();
        Assert.Equal([0, 0, 0], load.TokensOf(0).ToArray());
    }

    [Fact]
    public void Counts_of_another_layer_are_refused()
    {
        var load = new ExpertLoad([3, 1]);

        ArgumentException exception = Assert.Throws<ArgumentException>(() => load.Add(1, [1, 2, 3]));

        Assert.StartsWith("3 counts of tokens came for layer 1: it has 1 experts, and no count is negative.", exception.Message);
        Assert.Throws<ArgumentException>(() => load.Add(0, [1, -1, 3]));
        Assert.Equal([0, 0, 0], load.TokensOf(0).ToArray());
    }
}
