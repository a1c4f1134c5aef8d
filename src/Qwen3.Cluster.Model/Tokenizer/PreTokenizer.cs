using System.Globalization;
using System.Text;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>
/// Cuts text into the words inside which byte pairs may be merged, exactly as Qwen's pattern does:
/// <see cref="Pattern"/>, matched from left to right.
/// </summary>
/// <remarks>
/// Written by hand because <c>System.Text.RegularExpressions</c> matches UTF-16 units, so that <c>\p{L}</c> never matches a
/// letter beyond the basic plane (𠀀, 𝒳); the original matches whole code points.
/// </remarks>
internal static class PreTokenizer
{
    /// <summary>The pattern of every Qwen2, Qwen2.5 and Qwen3 tokenizer.json.</summary>
    public const string Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private enum Kind : byte { Symbol, Letter, Number, Space, NewLine, EndOfText }

    private static readonly Kind[] AsciiKinds = [.. Enumerable.Range(0, 128).Select(c => Classify(new Rune(c)))];

    /// <summary>Length in UTF-16 units of the word that <paramref name="text"/> begins with.</summary>
    /// <param name="text">Not empty, well-formed UTF-16 (no lone surrogates).</param>
    public static int NextWord(ReadOnlySpan<char> text)
    {
        Kind kind = KindAt(text, 0, out int length);

        // 1. (?i:'s|'t|'re|'ve|'m|'ll|'d)
        if (text[0] == '\'' && ContractionLength(text) is > 0 and int contraction)
        {
            return contraction;
        }

        // 2. [^\r\n\p{L}\p{N}]?\p{L}+
        if (kind == Kind.Letter)
        {
            return RunEnd(text, length, Kind.Letter);
        }
        Kind next = KindAt(text, length, out int nextLength);
        if (kind is Kind.Symbol or Kind.Space && next == Kind.Letter)
        {
            return RunEnd(text, length + nextLength, Kind.Letter);
        }

        // 3. \p{N}
        if (kind == Kind.Number)
        {
            return length;
        }

        // 4.  ?[^\s\p{L}\p{N}]+[\r\n]*
        if (kind == Kind.Symbol || (text[0] == ' ' && next == Kind.Symbol))
        {
            int end = RunEnd(text, length, Kind.Symbol);
            while (end < text.Length && text[end] is '\r' or '\n')
            {
                end++;
            }
            return end;
        }

        return WhiteSpaceLength(text);
    }

    /// <summary>Branches 5 to 7, <c>\s*[\r\n]+|\s+(?!\S)|\s+</c>. White space is in the basic plane: one unit is one code point.</summary>
    private static int WhiteSpaceLength(ReadOnlySpan<char> text)
    {
        int end = 0;
        int afterLastNewLine = 0;
        while (end < text.Length && char.IsWhiteSpace(text[end]))
        {
            if (text[end++] is '\r' or '\n')
            {
                afterLastNewLine = end;
            }
        }
        if (afterLastNewLine > 0)
        {
            return afterLastNewLine;
        }
        // The last blank before a word belongs to that word.
        return end == text.Length || end == 1 ? end : end - 1;
    }

    private static int RunEnd(ReadOnlySpan<char> text, int start, Kind kind)
    {
        int end = start;
        while (KindAt(text, end, out int length) == kind)
        {
            end += length;
        }
        return end;
    }

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text.Length < 2)
        {
            return 0;
        }
        // Case is folded as Unicode says, so the long s (U+017F) counts as an s.
        switch (text[1])
        {
            case 's' or 'S' or '\u017F' or 't' or 'T' or 'm' or 'M' or 'd' or 'D':
                return 2;
            case 'r' or 'R' or 'v' or 'V' when text.Length > 2 && text[2] is 'e' or 'E':
                return 3;
            case 'l' or 'L' when text.Length > 2 && text[2] is 'l' or 'L':
                return 3;
            default:
                return 0;
        }
    }

    private static Kind KindAt(ReadOnlySpan<char> text, int index, out int length)
    {
        if (index == text.Length)
        {
            length = 0;
            return Kind.EndOfText;
        }
        char first = text[index];
        if (first < 128)
        {
            length = 1;
            return AsciiKinds[first];
        }
        Rune.DecodeFromUtf16(text[index..], out Rune rune, out length);
        return Classify(rune);
    }

    private static Kind Classify(Rune rune)
    {
        if (rune.Value is '\r' or '\n')
        {
            return Kind.NewLine;
        }
        if (Rune.IsWhiteSpace(rune))
        {
            return Kind.Space;
        }
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Symbol,
        };
    }
}
