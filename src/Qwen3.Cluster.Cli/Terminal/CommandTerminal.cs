using Spectre.Console;

namespace Qwen3.Cluster.Cli.Terminal;

/// <summary>The three streams of a command, and what each can show.</summary>
public sealed class CommandTerminal
{
    // Wide enough for tables.
    private const int PipeWidth = 120;

    /// <summary>Streams that are not a terminal: text in, text out.</summary>
    /// <param name="input">Read line by line.</param>
    /// <param name="output">Receives what was asked for.</param>
    /// <param name="error">Receives everything else.</param>
    public CommandTerminal(TextReader input, TextWriter output, TextWriter error)
        : this(input, output, error, outputShowsStyles: false, errorShowsStyles: false)
    {
    }

    private CommandTerminal(TextReader input, TextWriter output, TextWriter error, bool outputShowsStyles, bool errorShowsStyles)
    {
        In = input;
        OutText = output;
        ErrorText = error;
        Out = new AnsiWriter(output, CapabilitiesOf(outputShowsStyles));
        Error = new AnsiWriter(error, CapabilitiesOf(errorShowsStyles));
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
    public bool IsInteractive { get; init; }

    /// <summary>The standard output is shown to someone; else it is a file or a pipe.</summary>
    public bool OutIsScreen { get; init; }

    /// <summary>The standard error is shown to someone; else it is a file or a pipe.</summary>
    public bool ErrorIsScreen { get; init; }

    /// <summary>Columns of the standard output: those of the screen at the moment, or 120 for a file or a pipe.</summary>
    public int Width => OutIsScreen && Console.WindowWidth is > 0 and int columns ? columns : PipeWidth;

    /// <summary>The terminal of this process.</summary>
    public static CommandTerminal OfProcess()
    {
        bool isPlain = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new CommandTerminal(
            Console.In,
            Console.Out,
            Console.Error,
            outputShowsStyles: !isPlain && !Console.IsOutputRedirected && AnsiCapabilities.Create(Console.Out).Ansi,
            errorShowsStyles: !isPlain && !Console.IsErrorRedirected && AnsiCapabilities.Create(Console.Error).Ansi)
        {
            IsInteractive = !Console.IsInputRedirected && !Console.IsErrorRedirected,
            OutIsScreen = !Console.IsOutputRedirected,
            ErrorIsScreen = !Console.IsErrorRedirected,
        };
    }

    /// <summary>The same streams without styles.</summary>
    public CommandTerminal WithoutStyles() =>
        new(In, OutText, ErrorText) { IsInteractive = IsInteractive, OutIsScreen = OutIsScreen, ErrorIsScreen = ErrorIsScreen };

    private static AnsiCapabilities CapabilitiesOf(bool showsStyles) =>
        new() { Ansi = showsStyles, ColorSystem = showsStyles ? ColorSystem.Standard : ColorSystem.NoColors };
}
