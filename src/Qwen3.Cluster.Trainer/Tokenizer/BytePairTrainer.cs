using System.Text;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Trainer.Tokenizer;

/// <summary>
/// Makes a vocabulary by byte-pair encoding (Sennrich, Haddow and Birch, arXiv 1508.07909) over bytes: again and again the most frequent pair of
/// neighbours within the words of a text becomes a token. Of pairs that are as frequent the one whose halves come first in
/// ordinal order wins, so that the same text gives the same vocabulary.
/// </summary>
internal static class BytePairTrainer
{
    /// <summary>Makes a vocabulary.</summary>
    /// <param name="texts">What to learn from, without special tokens.</param>
    /// <param name="tokenCount">Ordinary tokens in all, 256 or more.</param>
    /// <exception cref="ArgumentException">The text has too few different pairs for so many tokens.</exception>
    public static BytePairVocabulary Train(IEnumerable<string> texts, int tokenCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokenCount, 256);
        List<string> tokens = [.. Enumerable.Range(0, 256).Select(value => ByteAlphabet.CharOf((byte)value).ToString())];
        tokens.Sort(StringComparer.Ordinal);
        List<(List<string> Parts, long Count)> words = [.. CountWords(texts).Select(word => (Split(word.Key), word.Value))];
        List<(string, string)> merges = [];
        HashSet<string> known = [.. tokens];
        while (tokens.Count < tokenCount)
        {
            (string left, string right) = MostFrequentPair(words)
                ?? throw new ArgumentException($"The text gives {tokens.Count} tokens, but {tokenCount} were asked for; ask for fewer, or give more text.", nameof(texts));
            foreach ((List<string> parts, _) in words)
            {
                Merge(parts, left, right);
            }

            merges.Add((left, right));
            if (known.Add(left + right))
            {
                tokens.Add(left + right);
            }
        }

        return new BytePairVocabulary(tokens, merges);
    }

    private static Dictionary<string, long> CountWords(IEnumerable<string> texts)
    {
        Dictionary<string, long> counts = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            ReadOnlySpan<char> rest = TextNormalizer.Normalize(text);
            while (!rest.IsEmpty)
            {
                string word = rest[..PreTokenizer.NextWord(rest)].ToString();
                counts[word] = counts.GetValueOrDefault(word) + 1;
                rest = rest[word.Length..];
            }
        }

        return counts;
    }

    private static List<string> Split(string word) =>
        [.. Encoding.UTF8.GetBytes(word).Select(value => ByteAlphabet.CharOf(value).ToString())];

    private static (string Left, string Right)? MostFrequentPair(List<(List<string> Parts, long Count)> words)
    {
        Dictionary<(string Left, string Right), long> counts = [];
        foreach ((List<string> parts, long count) in words)
        {
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                (string, string) pair = (parts[i], parts[i + 1]);
                counts[pair] = counts.GetValueOrDefault(pair) + count;
            }
        }

        (string Left, string Right)? best = null;
        long most = 0;
        foreach (((string Left, string Right) pair, long count) in counts)
        {
            if (count > most || (count == most && IsBefore(pair, best!.Value)))
            {
                (best, most) = (pair, count);
            }
        }

        return best;
    }

    private static bool IsBefore((string Left, string Right) one, (string Left, string Right) other)
    {
        int order = string.CompareOrdinal(one.Left, other.Left);
        return order < 0 || (order == 0 && string.CompareOrdinal(one.Right, other.Right) < 0);
    }

    private static void Merge(List<string> parts, string left, string right)
    {
        for (int i = 0; i + 1 < parts.Count; i++)
        {
            if (parts[i] == left && parts[i + 1] == right)
            {
                parts[i] = left + right;
                parts.RemoveAt(i + 1);
            }
        }
    }
}
