using Qwen3.Cluster.Silo.Placement;

namespace Qwen3.Cluster.UnitTests.Silo.Placement;

/// <summary>DeepSeek's EPLB with one group, to compare with: it fills all slots with replicas of the hottest experts and packs anew, heaviest first.</summary>
internal static class DeepSeekBalancer
{
    /// <summary>The tokens of a layer's busiest shard divided by the mean. Like the original, it may put two replicas on one shard.</summary>
    public static double Imbalance(ExpertLoad load, int layer, int shardCount, int slotsPerShard)
    {
        long[] tokens = load.TokensOf(layer).ToArray();
        int[] copies = [.. tokens.Select(_ => 1)];
        for (int extra = tokens.Length; extra < shardCount * slotsPerShard; extra++)
        {
            int hottest = Enumerable.Range(0, tokens.Length).MaxBy(expert => (double)tokens[expert] / copies[expert]);
            copies[hottest]++;
        }

        var shardTokens = new double[shardCount];
        var shardExperts = new int[shardCount];
        foreach (double share in tokens.SelectMany((count, expert) => Enumerable.Repeat((double)count / copies[expert], copies[expert])).OrderDescending())
        {
            int shard = Enumerable.Range(0, shardCount).Where(shard => shardExperts[shard] < slotsPerShard).MinBy(shard => shardTokens[shard]);
            shardTokens[shard] += share;
            shardExperts[shard]++;
        }

        return shardTokens.Max() * shardCount / tokens.Sum();
    }
}
