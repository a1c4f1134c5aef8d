using Spectre.Console;
using Spectre.Console.Rendering;

namespace Qwen3.Cluster.Cli.Terminal;

/// <summary>What Spectre.Console lays out, as lines.</summary>
public static class TableText
{
    /// <summary>Lines without spaces at their ends, and without empty ones before and after.</summary>
    /// <param name="content">What is laid out.</param>
    /// <param name="width">Columns of the screen.</param>
    /// <param name="hasStyles">Whether it shows bold, dim and colours.</param>
    public static string[] Render(IRenderable content, int width, bool hasStyles)
    {
        using StringWriter text = new() { NewLine = "\n" };
        IAnsiConsole console = ConsoleOf(text, width, hasStyles);
        console.Write(content);
        return [.. text.ToString().Trim('\n', '\r').Split('\n').Select(line => line.TrimEnd()).SkipWhile(line => line.Length == 0)];
    }

    /// <summary>A console over any writer.</summary>
    /// <param name="output">Receives what is written.</param>
    /// <param name="width">Columns.</param>
    /// <param name="hasStyles">Whether it shows bold, dim and colours.</param>
    public static IAnsiConsole ConsoleOf(TextWriter output, int width, bool hasStyles)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = hasStyles ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = hasStyles ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        return console;
    }
}
