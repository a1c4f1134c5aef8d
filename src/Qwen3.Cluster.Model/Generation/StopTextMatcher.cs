namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// Looks for stop texts in a text that comes in pieces. What may be the beginning of one is held back until it is clear;
/// everything else goes on at once.
/// </summary>
/// <param name="stops">The texts; none is empty.</param>
internal sealed class StopTextMatcher(IReadOnlyList<string> stops)
{
    private string _held = "";

    /// <summary>The text that was found: that which begins first, of several at one place the first in the list. Null: none so far.</summary>
    public string? Found { get; private set; }

    /// <summary>Reads on; gives the text that can no longer be part of a stop text, and, at a stop text, what came before it; after one, nothing.</summary>
    public string Append(string text)
    {
        if (Found is not null)
        {
            return "";
        }

        if (stops.Count == 0 || text.Length == 0)
        {
            return text;
        }

        text = _held + text;
        int end = text.Length;
        foreach (string stop in stops)
        {
            int start = text.IndexOf(stop, StringComparison.Ordinal);
            if (start >= 0 && start < end)
            {
                (Found, end) = (stop, start);
            }
        }

        if (Found is null)
        {
            end = StartOfPossibleStop(text);
        }

        _held = Found is null ? text[end..] : "";
        return text[..end];
    }

    /// <summary>Gives what is held back: no stop text will come of it.</summary>
    public string Flush()
    {
        string held = _held;
        _held = "";
        return held;
    }

    private int StartOfPossibleStop(string text)
    {
        int longest = stops.Max(stop => stop.Length) - 1;
        for (int start = Math.Max(0, text.Length - longest); start < text.Length; start++)
        {
            foreach (string stop in stops)
            {
                if (stop.AsSpan().StartsWith(text.AsSpan(start), StringComparison.Ordinal))
                {
                    return start;
                }
            }
        }

        return text.Length;
    }
}
