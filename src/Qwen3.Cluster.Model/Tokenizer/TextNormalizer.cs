namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>Unicode normalisation form C of any UTF-16 text.</summary>
internal static class TextNormalizer
{
    private const char Replacement = '\uFFFD';

    // .NET refuses to normalise text with this noncharacter. It neither composes nor reorders, so the text is cut there.
    private const char ReversedByteOrderMark = '\uFFFE';

    /// <summary>The text in NFC, in O(n·log n) whatever it is; lone surrogates become U+FFFD.</summary>
    public static string Normalize(ReadOnlySpan<char> text)
    {
        string wellFormed = CombiningMarks.SortLongRuns(ReplaceLoneSurrogates(text));
        return wellFormed.Contains(ReversedByteOrderMark)
            ? string.Join(ReversedByteOrderMark, wellFormed.Split(ReversedByteOrderMark).Select(part => part.Normalize()))
            : wellFormed.Normalize();
    }

    private static string ReplaceLoneSurrogates(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return text.ToString();
        }
        char[] chars = text.ToArray();
        for (int i = 0; i < chars.Length; i++)
        {
            if (char.IsHighSurrogate(chars[i]) && i + 1 < chars.Length && char.IsLowSurrogate(chars[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(chars[i]))
            {
                chars[i] = Replacement;
            }
        }
        return new string(chars);
    }
}
