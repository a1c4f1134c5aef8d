namespace Qwen3.Cluster.Trainer.Data.Thinking;

/// <summary>
/// Sorts by putting one number after the other into the row of those before it: <c>33: 12 33 45.</c> What to write next is always a choice between two
/// numbers, the one that is put in and the next of the row above; the least of eight at once is too much for a small model.
/// </summary>
internal static class InsertionSort
{
    /// <summary>Writes a paragraph for each number.</summary>
    /// <param name="thought">Gets the paragraphs.</param>
    /// <param name="numbers">Different from each other.</param>
    /// <returns>The numbers, the smallest first.</returns>
    public static IReadOnlyList<long> Write(Thought thought, IReadOnlyList<long> numbers)
    {
        List<long> row = [];
        foreach (long number in numbers)
        {
            int place = row.FindIndex(other => other > number);
            row.Insert(place < 0 ? row.Count : place, number);
            thought.Add($"{number}: {string.Join(' ', row)}.");
        }

        return row;
    }
}
