using Spectre.Console;

namespace Qwen3.Cluster.Cli.Terminal;

/// <summary>The three streams of a command, and what each can show.</summary>
public sealed class CommandTerminal
{
    // Wide enough for tables.
    private const int PipeWidth = 120;

    private readonly Func<int> _width;

    /// <summary>Streams that are not a terminal: text in, text out.</summary>
    /// <param name="input">Read line by line.</param>
    /// <param name="output">Receives what was asked for.</param>
    /// <param name="error">Receives everything else.</param>
    public CommandTerminal(TextReader input, TextWriter output, TextWriter error)
        : this(input, output, error, outputShowsStyles: false, errorShowsStyles: false, isInteractive: false, () => PipeWidth)
    {
    }

    private CommandTerminal(
        TextReader input, TextWriter output, TextWriter error, bool outputShowsStyles, bool errorShowsStyles, bool isInteractive, Func<int> width)
    {
        _width = width;
        In = input;
        OutText = output;
        ErrorText = error;
        Out = new AnsiWriter(output, CapabilitiesOf(outputShowsStyles));
        Error = new AnsiWriter(error, CapabilitiesOf(errorShowsStyles));
        IsInteractive = isInteractive;
    }

    /// <summary>The standard input.</summary>
    public TextReader In { get; }

    /// <summary>The standard output: what was asked for and nothing else.</summary>
    public TextWriter OutText { get; }

    /// <summary>The standard error: thinking, statistics, prompts, warnings, errors.</summary>
    public TextWriter ErrorText { get; }

    /// <summary><see cref="OutText"/> with styles, where it shows any.</summary>
    public AnsiWriter Out { get; }

    /// <summary><see cref="ErrorText"/> with styles, where it shows any.</summary>
    public AnsiWriter Error { get; }

    /// <summary>Someone types: the input is a terminal and so is one of the outputs.</summary>
    public bool IsInteractive { get; }

    /// <summary>Columns of the standard output: those of the screen at the moment, or 120 for a pipe or a file.</summary>
    public int Width => _width();

    /// <summary>The terminal of this process.</summary>
    public static CommandTerminal OfProcess()
    {
        bool isPlain = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new CommandTerminal(
            Console.In,
            Console.Out,
            Console.Error,
            outputShowsStyles: !isPlain && !Console.IsOutputRedirected && AnsiCapabilities.Create(Console.Out).Ansi,
            errorShowsStyles: !isPlain && !Console.IsErrorRedirected && AnsiCapabilities.Create(Console.Error).Ansi,
            isInteractive: !Console.IsInputRedirected && !Console.IsErrorRedirected,
            width: () => !Console.IsOutputRedirected && Console.WindowWidth is > 0 and int columns ? columns : PipeWidth);
    }

    /// <summary>The same streams without styles.</summary>
    public CommandTerminal WithoutStyles() => new(In, OutText, ErrorText, false, false, IsInteractive, _width);

    private static AnsiCapabilities CapabilitiesOf(bool showsStyles) =>
        new() { Ansi = showsStyles, ColorSystem = showsStyles ? ColorSystem.Standard : ColorSystem.NoColors };
}
