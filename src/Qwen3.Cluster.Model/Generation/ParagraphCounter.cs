namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// Counts the paragraphs of a text that comes in pieces. A paragraph holds something other than white space, and a blank line (one
/// of white space alone) closes it; blank lines that follow each other, or come first, close nothing more. It reads UTF-8 bytes, so a
/// token may hold half a character, half a blank line, or several.
/// </summary>
public struct ParagraphCounter
{
    private bool _inParagraph;
    private bool _lineHasText;

    /// <summary>Paragraphs that have begun.</summary>
    public int Begun { get; private set; }

    /// <summary>Paragraphs that a blank line has closed.</summary>
    public readonly int Closed => _inParagraph ? Begun - 1 : Begun;

    /// <summary>Reads on.</summary>
    public void Append(ReadOnlySpan<byte> utf8)
    {
        foreach (byte unit in utf8)
        {
            if (unit == '\n')
            {
                _inParagraph &= _lineHasText;
                _lineHasText = false;
            }
            else if (unit is not ((byte)' ' or (byte)'\t' or (byte)'\r'))
            {
                Begun += _inParagraph ? 0 : 1;
                _inParagraph = _lineHasText = true;
            }
        }
    }
}
