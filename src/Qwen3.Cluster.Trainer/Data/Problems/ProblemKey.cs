using System.Globalization;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>
/// Keys for <see cref="HoldOut"/>. Problems that give each other away share one: 38 + 47 and 47 + 38, 12 − 47 and 47 − 12, a word and the word reversed.
/// </summary>
internal static class ProblemKey
{
    // 15 = 7 + 8, 12 - 7 = 5: the columns of the thinking are such problems.
    private const long SmallestTerm = 20, SmallestFactor = 10;

    /// <summary>Of a sum; null where all terms are below 20.</summary>
    public static string? Sum(params IReadOnlyList<long> terms) => terms.Max() < SmallestTerm ? null : "sum " + Sorted(terms);

    /// <summary>Of a difference, in either order; null where both numbers are below 20.</summary>
    public static string? Difference(long left, long right) =>
        Math.Max(left, right) < SmallestTerm ? null : "difference " + Sorted([left, right]);

    /// <summary>Of a product; null where both factors have one digit.</summary>
    public static string? Product(long left, long right) =>
        Math.Max(left, right) < SmallestFactor ? null : "product " + Sorted([left, right]);

    /// <summary>Of any other problem with numbers, in an order that matters.</summary>
    public static string Of(string task, params IReadOnlyList<long> numbers) =>
        string.Create(CultureInfo.InvariantCulture, $"{task} {string.Join(' ', numbers)}");

    /// <summary>Of a problem with numbers, in any order.</summary>
    public static string OfSet(string task, IReadOnlyList<long> numbers) => $"{task} {Sorted(numbers)}";

    /// <summary>Of a text, read in either direction.</summary>
    public static string OfEitherDirection(string task, string text)
    {
        string reversed = new([.. text.Reverse()]);
        return $"{task} {(string.CompareOrdinal(text, reversed) < 0 ? text : reversed)}";
    }

    private static string Sorted(IReadOnlyList<long> numbers) => string.Join(' ', numbers.Order());
}
