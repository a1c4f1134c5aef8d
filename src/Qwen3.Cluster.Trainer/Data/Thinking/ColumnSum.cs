using System.Globalization;
using Qwen3.Cluster.Trainer.Data.Problems;

namespace Qwen3.Cluster.Trainer.Data.Thinking;

/// <summary>Adds as on paper, from the right. Each column has what is left of both numbers, the sum of the two digits, and the result so far.</summary>
internal static class ColumnSum
{
    /// <summary>One text for each column: <c>47+38: 7+8=15, 5</c> and <c>4+3+1=8, 85</c>.</summary>
    public static IReadOnlyList<string> Columns(long left, long right)
    {
        List<string> columns = [];
        string top = Text(left), bottom = Text(right), written = "";
        int carry = 0;
        while (top.Length + bottom.Length > 0)
        {
            string carried = carry > 0 ? "+1" : "";
            int sum = Last(top) + Last(bottom) + carry;
            bool isLast = top.Length <= 1 && bottom.Length <= 1;
            string rest = isLast ? "" : $"{OrZero(top)}+{OrZero(bottom)}{carried}: ";
            written = (isLast ? sum : sum % 10) + written;
            columns.Add($"{rest}{Last(top)}+{Last(bottom)}{carried}={sum}, {written}");
            carry = sum / 10;
            (top, bottom) = (Shorten(top), Shorten(bottom));
        }

        return columns;
    }

    /// <summary>Adds two numbers in one paragraph.</summary>
    /// <param name="thought">Gets the paragraph.</param>
    /// <param name="left">0 or more.</param>
    /// <param name="right">0 or more.</param>
    /// <param name="next">What the paragraph ends with, after the result.</param>
    public static long Write(Thought thought, long left, long right, string next = "")
    {
        thought.Note(ProblemKey.Sum(left, right));
        thought.Add(string.Join("; ", Columns(left, right)) + $"{next}.");
        return left + right;
    }

    /// <summary>The digits of a number that is not negative.</summary>
    internal static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The last digit; 0 of nothing.</summary>
    internal static int Last(string digits) => digits.Length == 0 ? 0 : digits[^1] - '0';

    /// <summary>All digits but the last.</summary>
    internal static string Shorten(string digits) => digits.Length == 0 ? "" : digits[..^1];

    /// <summary>A number of no digits is 0.</summary>
    internal static string OrZero(string digits) => digits.Length == 0 ? "0" : digits;
}
