using Spectre.Console;
using Spectre.Console.Rendering;

namespace Qwen3.Cluster.Cli.Terminal;

/// <summary>
/// Reads a line at a terminal, with the keys of a shell: arrows, Home and End, Ctrl-A E U K W, and the lines of before on ↑ and ↓.
/// A line longer than the terminal scrolls sideways.
/// </summary>
/// <param name="output">The terminal.</param>
/// <param name="readKey">The next key; Ctrl-C must come as a key.</param>
/// <param name="width">Columns of the terminal, asked for on every redraw.</param>
public sealed class LineEditor(AnsiWriter output, Func<ConsoleKeyInfo> readKey, Func<int> width)
{
    private readonly List<string> _history = [];
    private string _prompt = "";
    private string _text = "";
    private int _cursor;

    /// <summary>Reads a line.</summary>
    /// <param name="prompt">Shown before it.</param>
    /// <returns>The line; null when the user leaves, by Ctrl-D or by Ctrl-C twice.</returns>
    public string? Read(string prompt)
    {
        _prompt = prompt;
        Replace("");
        int past = _history.Count;
        string draft = "";
        bool leaving = false;
        while (true)
        {
            Draw();
            ConsoleKeyInfo key = readKey();
            bool isInterrupt = key is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control };
            if (isInterrupt && _text.Length == 0)
            {
                output.WriteLine();
                if (leaving)
                {
                    return null;
                }

                output.WriteLine("(Ctrl-C again or Ctrl-D leaves)");
                leaving = true;
                continue;
            }

            leaving = false;
            if (isInterrupt)
            {
                output.WriteLine();
                Replace("");
            }
            else if (key is { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } && _text.Length == 0)
            {
                output.WriteLine();
                return null;
            }
            else if (key.Key == ConsoleKey.Enter)
            {
                output.WriteLine();
                Remember(_text);
                return _text;
            }
            else if (key.Key == ConsoleKey.UpArrow && past > 0)
            {
                draft = past == _history.Count ? _text : draft;
                Replace(_history[--past]);
            }
            else if (key.Key == ConsoleKey.DownArrow && past < _history.Count)
            {
                Replace(++past == _history.Count ? draft : _history[past]);
            }
            else
            {
                Edit(key);
            }
        }
    }

    private void Edit(ConsoleKeyInfo key)
    {
        bool control = key.Modifiers == ConsoleModifiers.Control;
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow:
            case ConsoleKey.B when control:
                _cursor = Before(_cursor);
                break;
            case ConsoleKey.RightArrow:
            case ConsoleKey.F when control:
                _cursor = After(_cursor);
                break;
            case ConsoleKey.Home:
            case ConsoleKey.A when control:
                _cursor = 0;
                break;
            case ConsoleKey.End:
            case ConsoleKey.E when control:
                _cursor = _text.Length;
                break;
            case ConsoleKey.Backspace:
            case ConsoleKey.H when control:
                Delete(Before(_cursor), _cursor);
                break;
            case ConsoleKey.Delete:
            case ConsoleKey.D when control:
                Delete(_cursor, After(_cursor));
                break;
            case ConsoleKey.U when control:
                Delete(0, _cursor);
                break;
            case ConsoleKey.K when control:
                Delete(_cursor, _text.Length);
                break;
            case ConsoleKey.W when control:
                Delete(_text.AsSpan(0, _cursor).TrimEnd().LastIndexOf(' ') + 1, _cursor);
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                {
                    _text = _text.Insert(_cursor++, key.KeyChar.ToString());
                }

                break;
        }
    }

    private void Replace(string text)
    {
        _text = text;
        _cursor = text.Length;
    }

    private void Delete(int start, int end)
    {
        _text = _text.Remove(start, end - start);
        _cursor = start;
    }

    private void Remember(string line)
    {
        if (line.Length > 0 && (_history.Count == 0 || _history[^1] != line))
        {
            _history.Add(line);
        }
    }

    // A surrogate pair is one character to whoever types.
    private int Before(int index) => index == 0 ? 0 : index - (index > 1 && char.IsLowSurrogate(_text[index - 1]) ? 2 : 1);

    private int After(int index) =>
        index == _text.Length ? index : index + (index + 1 < _text.Length && char.IsHighSurrogate(_text[index]) ? 2 : 1);

    private void Draw()
    {
        int room = Math.Max(8, width() - Columns(_prompt) - 1);
        int start = 0;
        while (Columns(_text[start.._cursor]) > room)
        {
            start = After(start);
        }

        int end = _text.Length;
        while (Columns(_text[start..end]) > room)
        {
            end = Before(end);
        }

        output.Write("\r").Write(_prompt).Write(_text[start..end]).EraseInLine(0).Write("\r");
        output.CursorRight(Columns(_prompt) + Columns(_text[start.._cursor]));
    }

    private static int Columns(string text) => new Segment(text).CellCount();
}
