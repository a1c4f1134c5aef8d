using Qwen3.Cluster.Trainer.Data.Problems;

namespace Qwen3.Cluster.Trainer.Data.Thinking;

/// <summary>Subtracts as on paper, from the right. Each column has what is left of both numbers, the difference of the two digits, and the result so far.</summary>
internal static class ColumnDifference
{
    /// <summary>One text for each column: <c>52-38: 2-8&lt;0, 12-8=4, 4</c> and <c>5-3-1=1, 14</c>.</summary>
    /// <param name="left">Not less than <paramref name="right"/>.</param>
    /// <param name="right">0 or more.</param>
    public static IReadOnlyList<string> Columns(long left, long right)
    {
        List<string> columns = [];
        string top = ColumnSum.Text(left), bottom = ColumnSum.Text(right), written = "";
        int borrow = 0;
        for (; top.Length > 0; top = ColumnSum.Shorten(top), bottom = ColumnSum.Shorten(bottom))
        {
            string borrowed = borrow > 0 ? "-1" : "";
            (int upper, int lower) = (ColumnSum.Last(top), ColumnSum.Last(bottom));
            int difference = upper - lower - borrow;
            string rest = top.Length == 1 ? "" : $"{top}-{ColumnSum.OrZero(bottom)}{borrowed}: ";
            string below = difference < 0 ? $"{upper}-{lower}{borrowed}<0, " : "";
            borrow = difference < 0 ? 1 : 0;
            upper += 10 * borrow;
            difference += 10 * borrow;
            written = difference + written;
            columns.Add($"{rest}{below}{upper}-{lower}{borrowed}={difference}, {written}");
        }

        return columns;
    }

    /// <summary>Subtracts in one paragraph; the larger number comes first. A result with leading zeros is said again without them.</summary>
    public static long Write(Thought thought, long left, long right)
    {
        thought.Note(ProblemKey.Difference(left, right));
        thought.Add(string.Join("; ", Columns(left, right)) + ".");
        return left - right;
    }
}
