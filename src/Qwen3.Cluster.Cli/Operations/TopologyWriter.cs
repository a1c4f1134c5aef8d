using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Operations;

/// <summary>Shows one topology after the other: as tables, one over the other on a screen, or each as a line of JSON.</summary>
/// <param name="terminal">Where it shows them.</param>
/// <param name="isJson">As JSON.</param>
public sealed class TopologyWriter(CommandTerminal terminal, bool isJson)
{
    private bool _isFirst = true;

    /// <summary>Shows a topology below what stands there.</summary>
    public void Write(Topology topology)
    {
        if (isJson)
        {
            ProtoJson.Write(terminal.OutText, topology);
            return;
        }

        if (!_isFirst)
        {
            terminal.OutText.WriteLine();
        }

        _isFirst = false;
        foreach (string line in Render(topology))
        {
            terminal.OutText.WriteLine(line);
        }

        terminal.OutText.Flush();
    }

    /// <summary>Empties a screen.</summary>
    public void Clear()
    {
        if (!isJson && HasScreen)
        {
            terminal.Out.EraseInDisplay(2);
        }
    }

    /// <summary>Shows a topology in place of the one before, where the output is a screen.</summary>
    public void Replace(Topology topology)
    {
        if (isJson || !HasScreen)
        {
            Write(topology);
            return;
        }

        // Line over line, so that nothing flickers.
        terminal.Out.CursorHome();
        foreach (string line in Render(topology))
        {
            terminal.OutText.Write(line);
            terminal.Out.EraseInLine(0).WriteLine();
        }

        terminal.Out.EraseInDisplay(0);
        terminal.OutText.Flush();
    }

    /// <summary>Says why there is no topology this time; what stands on a screen stays.</summary>
    public void WriteProblem(string problem) => terminal.Error.WriteLine($"qwen3: {problem}");

    private bool HasScreen => terminal.Out.Capabilities.Ansi;

    private string[] Render(Topology topology) => TopologyText.Render(topology, terminal.Width, HasScreen);
}
