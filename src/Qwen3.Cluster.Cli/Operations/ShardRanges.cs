namespace Qwen3.Cluster.Cli.Operations;

/// <summary>Numbers of shards in few characters.</summary>
public static class ShardRanges
{
    /// <summary>Ascending, neighbours joined: <c>0–3, 7</c>; empty for none.</summary>
    public static string Of(IEnumerable<uint> shards)
    {
        List<(uint First, uint Last)> ranges = [];
        foreach (uint shard in shards.Distinct().Order())
        {
            if (ranges.Count > 0 && ranges[^1].Last + 1 == shard)
            {
                ranges[^1] = (ranges[^1].First, shard);
            }
            else
            {
                ranges.Add((shard, shard));
            }
        }

        return string.Join(", ", ranges.Select(range => range switch
        {
            _ when range.First == range.Last => $"{range.First}",
            _ when range.First + 1 == range.Last => $"{range.First}, {range.Last}",
            _ => $"{range.First}–{range.Last}",
        }));
    }
}
