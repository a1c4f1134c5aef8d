using Qwen3.Cluster.Cli.Terminal;
using Spectre.Console;

namespace Qwen3.Cluster.IntegrationTests.Cli.Terminal;

public class LineEditorTests
{
    private static readonly ConsoleKeyInfo Left = Key(ConsoleKey.LeftArrow);
    private static readonly ConsoleKeyInfo Right = Key(ConsoleKey.RightArrow);
    private static readonly ConsoleKeyInfo Up = Key(ConsoleKey.UpArrow);
    private static readonly ConsoleKeyInfo Down = Key(ConsoleKey.DownArrow);
    private static readonly ConsoleKeyInfo Home = Key(ConsoleKey.Home);
    private static readonly ConsoleKeyInfo Backspace = Key(ConsoleKey.Backspace);
    private static readonly ConsoleKeyInfo Delete = Key(ConsoleKey.Delete);

    [Fact]
    public void TypesWhereTheCursorIs() =>
        Assert.Equal(["say: 1+2=3"], Read([.. Text("1+=3"), Left, Left, .. Text("2"), Home, .. Text("say: "), Enter]));

    [Fact]
    public void DeletesWholeCharacters() =>
        Assert.Equal(["b"], Read([.. Text("a😀b"), Left, Backspace, Home, Delete, Enter]));

    [Theory]
    [InlineData(ConsoleKey.U, "now")]
    [InlineData(ConsoleKey.K, "here and ")]
    [InlineData(ConsoleKey.W, "here now")]
    public void CutsAsAShellDoes(ConsoleKey key, string left) =>
        Assert.Equal([left], Read([.. Text("here and now"), Left, Left, Left, Control(key), Enter]));

    [Fact]
    public void BringsBackLinesAndTheDraft() => Assert.Equal(
        ["one", "two", "one", "two, draft"],
        Read([.. Text("one"), Enter, .. Text("two"), Enter, Up, Up, Enter, .. Text(", draft"), Up, Up, Down, Down, Home, .. Text("two"), Enter]));

    [Fact]
    public void ControlCDropsTheLineAndTwiceLeaves()
    {
        Assert.Equal(["b"], Read([.. Text("a"), Control(ConsoleKey.C), .. Text("b"), Enter]));
        Assert.Equal(["a", null], Read([Control(ConsoleKey.C), .. Text("a"), Enter, Control(ConsoleKey.C), Control(ConsoleKey.C)]));
    }

    [Fact]
    public void ControlDLeavesAnEmptyLineAlone() =>
        Assert.Equal(["b", null], Read([.. Text("ab"), Home, Control(ConsoleKey.D), Enter, Control(ConsoleKey.D)]));

    [Fact]
    public void KeepsALongLineInsideTheTerminal()
    {
        StringWriter screen = new();
        Read([.. Text(new string('中', 50)), Enter], screen, width: 20);
        IEnumerable<string> drawn = screen.ToString().Split('\r').Where(line => line.StartsWith("> ", StringComparison.Ordinal));
        Assert.All(drawn, line => Assert.InRange(line.Count(c => c == '中'), 0, 8));
    }

    private static ConsoleKeyInfo Enter => Key(ConsoleKey.Enter);

    /// <summary>The lines that come of some keys, until they have all been pressed.</summary>
    private static List<string?> Read(ConsoleKeyInfo[] keys, StringWriter? screen = null, int width = 80)
    {
        Queue<ConsoleKeyInfo> pressed = new(keys);
        AnsiWriter output = new(screen ?? new StringWriter(), new AnsiCapabilities { Ansi = true });
        LineEditor editor = new(output, pressed.Dequeue, () => width);
        List<string?> lines = [];
        while (pressed.Count > 0)
        {
            lines.Add(editor.Read("> "));
        }

        return lines;
    }

    private static IEnumerable<ConsoleKeyInfo> Text(string text) => text.Select(c => new ConsoleKeyInfo(c, ConsoleKey.None, false, false, false));

    private static ConsoleKeyInfo Key(ConsoleKey key) => new('\0', key, false, false, false);

    private static ConsoleKeyInfo Control(ConsoleKey key) => new('\0', key, false, false, control: true);
}
