using System.Text;

namespace Qwen3.Cluster.Model.Tokenizer;

/// <summary>
/// Turns a stream of token ids into text as it comes. A character whose bytes are spread over several tokens appears when its
/// last byte is there; bytes that are no UTF-8 become U+FFFD. All pieces together are what decoding all ids at once gives.
/// </summary>
/// <remarks>Holds the bytes of an unfinished character: one instance for each stream, not thread-safe.</remarks>
public sealed class IncrementalDecoder
{
    private readonly TokenTable _tokens;
    private readonly bool _skipSpecialTokens;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();

    internal IncrementalDecoder(TokenTable tokens, bool skipSpecialTokens)
    {
        _tokens = tokens;
        _skipSpecialTokens = skipSpecialTokens;
    }

    /// <summary>The text that this token completes: empty when a character is still unfinished.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No token has this id.</exception>
    public string Append(int id) => _skipSpecialTokens && _tokens.IsSpecial(id) ? "" : Decode(_tokens[id], flush: false);

    /// <summary>The end of the stream: U+FFFD when a character is unfinished, else empty. The decoder may then be used again.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        Span<char> chars = stackalloc char[256];
        // Each byte gives at most one UTF-16 unit, and the held back ones at most three more.
        if (bytes.Length + 3 > chars.Length)
        {
            chars = new char[bytes.Length + 3];
        }
        return new string(chars[.._utf8.GetChars(bytes, chars, flush)]);
    }
}
