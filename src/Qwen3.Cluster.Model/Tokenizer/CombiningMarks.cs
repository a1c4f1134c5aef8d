using System.Globalization;
using System.Text;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>
/// Puts long runs of combining marks into canonical order, which a normal form changes nothing about: the text before and after
/// has one and the same NFC.
/// </summary>
/// <remarks>
/// <see cref="string.Normalize()"/> orders the marks of a letter by insertion, n² steps where they are many and in disorder: 400,000 of
/// them, as one message can hold, kept it busy for minutes. In order it takes them in one pass. .NET tells no canonical
/// combining classes, so they are compared by asking the normaliser itself about pairs: there is no table that could differ from its own.
/// </remarks>
internal static class CombiningMarks
{
    // Beyond all real text: Unicode's stream-safe format (UAX #15) allows 30 in a row.
    private const int LongRun = 64;

    private const char FirstMark = '\u0300';

    // Of the lowest and the highest class above 0: whatever has a class changes places with one of the two.
    private static readonly Rune Lowest = new('\u0334');
    private static readonly Rune Highest = new('\u0345');

    /// <summary>The text with its long runs in order; in O(n·log n).</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    public static string SortLongRuns(string text)
    {
        StringBuilder? sorted = null;
        int copied = 0;
        int start = 0;
        while (text.AsSpan(start).IndexOfAnyExceptInRange('\0', (char)(FirstMark - 1)) is >= 0 and int skipped)
        {
            start += skipped;
            int end = RunEnd(text, start);
            if (end - start >= LongRun)
            {
                sorted ??= new StringBuilder(text.Length);
                sorted.Append(text, copied, start - copied);
                AppendSorted(sorted, text.AsSpan(start, end - start));
                copied = end;
            }

            start = Math.Max(end, start + 1);
        }

        return sorted is null ? text : sorted.Append(text, copied, text.Length - copied).ToString();
    }

    private static int RunEnd(string text, int start)
    {
        int end = start;
        while (Rune.DecodeFromUtf16(text.AsSpan(end), out Rune rune, out int length) == System.Buffers.OperationStatus.Done && IsMark(rune))
        {
            end += length;
        }

        return end;
    }

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static void AppendSorted(StringBuilder output, ReadOnlySpan<char> run)
    {
        // 1. A mark may stand for several of different classes (U+0344 is U+0308 and U+0301).
        var decompositions = new Dictionary<Rune, Rune[]>();
        var marks = new List<Rune>(run.Length);
        foreach (Rune rune in run.EnumerateRunes())
        {
            if (!decompositions.TryGetValue(rune, out Rune[]? parts))
            {
                parts = [.. rune.ToString().Normalize(NormalizationForm.FormD).EnumerateRunes()];
                decompositions.Add(rune, parts);
            }

            marks.AddRange(parts);
        }

        // 2. Marks change places by their classes, those of one class keep theirs; nothing passes a mark without a class.
        Dictionary<Rune, int> ranks = Rank(marks.Distinct());
        var places = new long[marks.Count];
        int segment = 0;
        for (int i = 0; i < places.Length; i++)
        {
            int rank = ranks[marks[i]];
            segment += rank == 0 ? 1 : 0;
            places[i] = ((long)segment << 32) | (uint)rank;
        }

        Span<char> units = stackalloc char[2];
        foreach (int i in Enumerable.Range(0, places.Length).OrderBy(i => places[i]))
        {
            output.Append(units[..marks[i].EncodeToUtf16(units)]);
        }
    }

    /// <summary>0 for a mark without a class; the others from 1 in the order of their classes, equal where these are.</summary>
    private static Dictionary<Rune, int> Rank(IEnumerable<Rune> marks)
    {
        ILookup<bool, Rune> byKind = marks.ToLookup(mark => ChangePlaces(Highest, mark) || ChangePlaces(mark, Lowest));
        Dictionary<Rune, int> ranks = byKind[false].ToDictionary(mark => mark, _ => 0);
        Rune[] classed = [.. byKind[true]];
        Array.Sort(classed, (a, b) => ChangePlaces(a, b) ? 1 : ChangePlaces(b, a) ? -1 : 0);
        int rank = 1;
        for (int i = 0; i < classed.Length; i++)
        {
            rank += i > 0 && ChangePlaces(classed[i], classed[i - 1]) ? 1 : 0;
            ranks.Add(classed[i], rank);
        }

        return ranks;
    }

    /// <summary>Whether canonical order puts the second mark before the first; neither may have a decomposition.</summary>
    private static bool ChangePlaces(Rune first, Rune second)
    {
        string pair = first.ToString() + second;
        return !string.Equals(pair, pair.Normalize(NormalizationForm.FormD), StringComparison.Ordinal);
    }
}
