using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;
using Spectre.Console;

namespace Qwen3.Cluster.Cli.Chat;

/// <summary>
/// A reply for people: the answer on the standard output; the thinking, dimmed, and the line of figures on the standard error.
/// On a terminal both show in order; <c>qwen3 chat "…" > file</c> keeps the answer alone.
/// Where the standard error has no styles, tags show what is thinking.
/// </summary>
public sealed class TextReplyWriter(CommandTerminal terminal) : IReplyWriter
{
    private static readonly Style Dim = new(decoration: Decoration.Dim);

    private bool _isThinking;
    private bool _hasAnswer;
    private char _lastThought;

    /// <inheritdoc />
    public void Start(ReplyStarted started)
    {
        _isThinking = _hasAnswer = false;
        _lastThought = '\n';
    }

    /// <inheritdoc />
    public void Add(ReplyDelta delta)
    {
        if (delta.Part == ReplyPart.Thinking)
        {
            AddThinking(terminal.ErrorIsScreen ? Printable(delta.Text) : delta.Text);
        }
        else
        {
            AddAnswer(terminal.OutIsScreen ? Printable(delta.Text) : delta.Text);
        }
    }

    /// <inheritdoc />
    public void Finish(ReplyFinished finished, TimeSpan firstToken, Mode mode, ThinkingBudget budget)
    {
        EndLines();
        terminal.Error.WriteLine(ReplySummary.Of(finished, firstToken, mode, budget), Dim);
    }

    /// <inheritdoc />
    public void Stop()
    {
        EndLines();
        terminal.Error.WriteLine("stopped", Dim);
    }

    /// <inheritdoc />
    public void Fail() => EndLines();

    private void AddThinking(string text)
    {
        text = _isThinking ? text : text.TrimStart('\n');
        if (text.Length == 0)
        {
            return;
        }

        if (!_isThinking)
        {
            _isThinking = true;
            WriteTag("<think>");
        }

        // Style by style, so that a stop in mid-thought leaves the terminal as it was.
        terminal.Error.Write(text, Dim);
        _lastThought = text[^1];
    }

    private void AddAnswer(string text)
    {
        text = _hasAnswer ? text : text.TrimStart('\n');
        if (text.Length == 0)
        {
            return;
        }

        EndThinking();
        _hasAnswer = true;
        terminal.Out.Write(text);
        terminal.OutText.Flush();
    }

    private void EndThinking()
    {
        if (!_isThinking)
        {
            return;
        }

        _isThinking = false;
        if (_lastThought != '\n')
        {
            terminal.Error.WriteLine();
        }

        WriteTag("</think>");
        terminal.Error.WriteLine();
    }

    private void EndLines()
    {
        EndThinking();
        if (_hasAnswer)
        {
            terminal.Out.WriteLine();
            terminal.OutText.Flush();
        }
    }

    private void WriteTag(string tag)
    {
        if (!terminal.Error.Capabilities.Ansi)
        {
            terminal.Error.WriteLine(tag);
        }
    }

    /// <summary>What a model writes must not steer a terminal: control characters show as U+FFFD. A file or a pipe gets them as they are.</summary>
    private static string Printable(string text) =>
        text.Any(IsControl) ? string.Concat(text.Select(c => IsControl(c) ? '\uFFFD' : c)) : text;

    private static bool IsControl(char c) => char.IsControl(c) && c is not ('\n' or '\t');
}
