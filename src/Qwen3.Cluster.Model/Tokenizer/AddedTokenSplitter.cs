using System.Buffers;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>Finds added tokens in text: the leftmost, and of those that start there the longest.</summary>
internal sealed class AddedTokenSplitter
{
    private readonly SearchValues<string> _anyContent;
    private readonly AddedToken[] _longestFirst;

    public AddedTokenSplitter(IEnumerable<AddedToken> tokens)
    {
        _longestFirst = [.. tokens.OrderByDescending(token => token.Content.Length)];
        _anyContent = SearchValues.Create([.. _longestFirst.Select(token => token.Content)], StringComparison.Ordinal);
    }

    /// <summary>Cuts text into added tokens (Id is set) and what stands between them (Id is null), in order.</summary>
    public IEnumerable<(ReadOnlyMemory<char> Text, int? Id)> Split(ReadOnlyMemory<char> text)
    {
        while (!text.IsEmpty)
        {
            int start = text.Span.IndexOfAny(_anyContent);
            if (start != 0)
            {
                int length = start < 0 ? text.Length : start;
                yield return (text[..length], null);
                text = text[length..];
                continue;
            }
            AddedToken token = LongestAtStart(text.Span);
            yield return (text[..token.Content.Length], token.Id);
            text = text[token.Content.Length..];
        }
    }

    private AddedToken LongestAtStart(ReadOnlySpan<char> text)
    {
        foreach (AddedToken token in _longestFirst)
        {
            if (text.StartsWith(token.Content, StringComparison.Ordinal))
            {
                return token;
            }
        }
        throw new InvalidOperationException("No added token starts here.");
    }
}
