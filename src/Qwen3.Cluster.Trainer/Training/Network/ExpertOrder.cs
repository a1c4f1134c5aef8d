namespace Qwen3.Cluster.Trainer.Training.Network;

/// <summary>The choices of a batch sorted by expert, those of one expert in the order of their rows. Choice j of row t is at slot t · k + j.</summary>
/// <param name="Rows">The row of each sorted choice, [N · k].</param>
/// <param name="Places">Where in the sorted order each slot went, [N · k].</param>
/// <param name="Ends">Where in the sorted order each expert ends, [E].</param>
internal sealed record ExpertOrder(int[] Rows, int[] Places, int[] Ends)
{
    /// <summary>A counting sort.</summary>
    /// <param name="experts">The expert of each slot, [N · k].</param>
    /// <param name="choices">k.</param>
    /// <param name="expertCount">E.</param>
    public static ExpertOrder Of(ReadOnlySpan<long> experts, int choices, int expertCount)
    {
        int[] next = new int[expertCount + 1];
        foreach (long expert in experts)
        {
            next[expert + 1]++;
        }

        for (int expert = 0; expert < expertCount; expert++)
        {
            next[expert + 1] += next[expert];
        }

        int[] ends = next[1..];
        int[] rows = new int[experts.Length];
        int[] places = new int[experts.Length];
        for (int slot = 0; slot < experts.Length; slot++)
        {
            int place = next[experts[slot]]++;
            places[slot] = place;
            rows[place] = slot / choices;
        }

        return new ExpertOrder(rows, places, ends);
    }
}
