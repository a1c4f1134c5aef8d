namespace Qwen3.Cluster.Trainer.Data.Thinking;

/// <summary>Sorts by taking the smallest number away, again and again: <c>12 | 45 78 33.</c>, the rest behind the stroke.</summary>
internal static class SelectionSort
{
    /// <summary>Writes a paragraph for each number.</summary>
    /// <param name="thought">Gets the paragraphs.</param>
    /// <param name="numbers">Different from each other.</param>
    /// <returns>The numbers, the smallest first.</returns>
    public static IReadOnlyList<long> Write(Thought thought, IReadOnlyList<long> numbers)
    {
        List<long> left = [.. numbers], sorted = [];
        while (left.Count > 0)
        {
            long least = left.Min();
            left.Remove(least);
            sorted.Add(least);
            thought.Add($"{least} |{string.Concat(left.Select(number => $" {number}"))}.");
        }

        return sorted;
    }
}
