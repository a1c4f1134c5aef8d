using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// The text of one reply, made from its tokens as they come: whole characters, no tags, no control tokens, and cut at a stop text.
/// <para>
/// Newlines at both ends of the thinking and between it and the answer belong to the format, not to the text: they are left out, just
/// as Qwen's template strips them from earlier turns. An answer without thinking before it keeps all it has. Stop texts are looked
/// for in both parts (as vLLM does with the whole output), in each by itself, and not in the words of a forced close.
/// </para>
/// </summary>
internal sealed class ReplyText
{
    private readonly IncrementalDecoder _decoder;
    private readonly StopTextMatcher _stops;
    private ReplyPart _part;
    private bool _atStart;
    private string _newlines = "";

    /// <param name="tokenizer">Gives the tokens' text.</param>
    /// <param name="stops">The request's stop texts.</param>
    /// <param name="part">Where the reply begins.</param>
    public ReplyText(Qwen3Tokenizer tokenizer, IReadOnlyList<string> stops, ReplyPart part)
    {
        _decoder = tokenizer.CreateDecoder(skipSpecialTokens: true);
        _stops = new StopTextMatcher(stops);
        (_part, _atStart) = (part, part == ReplyPart.Thinking);
    }

    /// <summary>The stop text that has ended the reply, or null.</summary>
    public string? FoundStop => _stops.Found;

    /// <summary>The text that a token of the model completes.</summary>
    public string Append(int token) => Settle(_stops.Append(TrimStart(_decoder.Append(token))));

    /// <summary>The text that a token of the forced close completes; no stop text is looked for.</summary>
    public string AppendForced(int token) => Settle(_stops.Flush() + TrimStart(_decoder.Append(token)));

    /// <summary>Ends the part that is open, with its text that was held back, and begins another after a tag.</summary>
    public string Begin(ReplyPart part)
    {
        string last = Flush();
        (_part, _atStart, _newlines) = (part, true, "");
        return last;
    }

    /// <summary>The text that was held back; nothing follows it.</summary>
    public string Flush() => Settle(_stops.Append(TrimStart(_decoder.Flush())) + _stops.Flush());

    private string TrimStart(string text)
    {
        if (_atStart)
        {
            text = text.TrimStart('\n');
            _atStart = text.Length == 0;
        }

        return text;
    }

    /// <summary>In the thinking, keeps back the newlines at the end: they may be the last.</summary>
    private string Settle(string text)
    {
        if (_part == ReplyPart.Answer || text.Length == 0)
        {
            return text;
        }

        text = _newlines + text;
        string settled = text.TrimEnd('\n');
        _newlines = text[settled.Length..];
        return settled;
    }
}
