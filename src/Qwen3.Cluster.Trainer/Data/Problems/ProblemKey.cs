using System.Globalization;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>
/// Keys for <see cref="HoldOut"/>. Problems that give each other away share one: 38 + 47 and 47 + 38, 12 − 47 and 47 − 12, a word and the word reversed.
/// </summary>
internal static class ProblemKey
{
    // What single steps of the thinking work out are facts: 7 + 8 and 12 - 7 of a column, 81 + 2 of a product and its carry, 58 - 56 of a division.
    private const long SmallestTerm = 20, Ten = 10;

    /// <summary>Of a sum; null where all terms are below 20, or one of two is a digit.</summary>
    public static string? Sum(params IReadOnlyList<long> terms) =>
        terms.Max() < SmallestTerm || (terms.Count == 2 && terms.Min() < Ten) ? null : "sum " + Sorted(terms);

    /// <summary>Of a difference, in either order; null where both numbers are below 20, or the result is a digit.</summary>
    public static string? Difference(long left, long right) =>
        Math.Max(left, right) < SmallestTerm || Math.Abs(left - right) < Ten ? null : "difference " + Sorted([left, right]);

    /// <summary>Of a product; null where both factors have one digit, or one is a power of ten.</summary>
    public static string? Product(long left, long right) =>
        Math.Max(left, right) < Ten || IsPowerOfTen(left) || IsPowerOfTen(right) ? null : "product " + Sorted([left, right]);

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

    private static bool IsPowerOfTen(long number) => number is 1 or 10 or 100 or 1000;

    private static string Sorted(IReadOnlyList<long> numbers) => string.Join(' ', numbers.Order());
}
