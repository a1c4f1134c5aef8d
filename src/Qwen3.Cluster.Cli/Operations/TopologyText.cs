using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;
using Spectre.Console;

namespace Qwen3.Cluster.Cli.Operations;

/// <summary>A topology for people: a line on the whole cluster, a table of its nodes, one of its models, and what is wrong in words.</summary>
public static class TopologyText
{
    // From here on there is room for bars.
    private const int WideWidth = 110;
    private const int BarWidth = 5;
    private const int MinimalWidth = 7;

    private static readonly (string, Cell[])[] NoColumns = [];
    private static readonly Style Dim = new(decoration: Decoration.Dim);
    private static readonly Style Strong = new(decoration: Decoration.Bold);
    private static readonly Style Warning = new(Color.Yellow);
    private static readonly Style Problem = new(Color.Red);

    /// <summary>Lines without spaces at their ends.</summary>
    /// <param name="topology">What is shown.</param>
    /// <param name="width">Columns of the screen.</param>
    /// <param name="hasStyles">Whether it shows bold, dim and colours.</param>
    public static string[] Render(Topology topology, int width, bool hasStyles)
    {
        using var text = new StringWriter { NewLine = "\n" };
        IAnsiConsole console = TableText.ConsoleOf(text, width, hasStyles);
        console.Write(new Text($"{Summary(topology)}\n", Strong));
        console.Write(Nodes(topology, width));
        console.Write(Models(topology, width));
        foreach ((string problem, Style style) in Problems(topology))
        {
            console.Write(new Text($"{problem}\n", style));
        }

        // Each table comes with an empty line above and below.
        string[] lines = [.. text.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd())];
        return [.. lines.Where((line, i) => line.Length > 0 || lines[i - 1].Length > 0)];
    }

    private static string Summary(Topology topology)
    {
        Device[] devices = [.. topology.Nodes.SelectMany(node => node.Devices)];
        Router[] routers = [.. devices.SelectMany(device => device.Routers)];
        long loaded = devices.SelectMany(device => device.Shards).Sum(shard => (long)shard.Bytes) + routers.Sum(router => (long)router.Bytes);
        string[] versions = [.. topology.Nodes.Select(node => node.Version).Distinct()];
        return string.Join(" · ",
        [
            $"{Plural(topology.Nodes.Count, "node")} on {Plural(topology.Nodes.Select(node => node.Host).Distinct().Count(), "host")}",
            Plural(devices.Length, "device"),
            Plural(topology.Models.Count, "model"),
            $"{ByteUnits.Of(loaded)} loaded",
            $"{routers.Sum(router => router.Running)} running, {routers.Sum(router => router.Waiting)} waiting",
            $"version{(versions.Length == 1 ? "" : "s")} {string.Join(", ", versions)}",
        ]);
    }

    private static Table Nodes(Topology topology, int width)
    {
        bool isWide = width >= WideWidth;
        List<(Cell Node, DeviceLine Device)> lines = [];
        foreach (Node node in topology.Nodes)
        {
            Cell[] left = [.. Describe(node, topology, isWide)];
            DeviceLine[] right = [.. DeviceLine.Of(node, topology, isWide)];
            for (int i = 0; i < Math.Max(left.Length, right.Length); i++)
            {
                lines.Add((i < left.Length ? left[i] : new Cell(""), i < right.Length ? right[i] : new DeviceLine()));
            }
        }

        return ToTable(
            [
                ("node", [.. lines.Select(line => line.Node)]),
                Column("device", line => line.Device),
                .. isWide ? [Column("memory", line => line.Memory)] : NoColumns,
                .. topology.Models.Count > 1 ? [Column("model", line => line.Model)] : NoColumns,
                Column("experts", line => line.Experts),
                Column("load", line => line.Load is { } load ? Share(load, isWide) : ""),
                Column("shards", line => line.Shards),
                Column("routers", line => line.Router),
            ],
            width);

        (string, Cell[]) Column(string name, Func<DeviceLine, string> text) => (name, [.. lines.Select(line => new Cell(text(line.Device)))]);
    }

    private static IEnumerable<Cell> Describe(Node node, Topology topology, bool isWide)
    {
        yield return new Cell(NodeLabel.Of(node));
        if (node.Draining)
        {
            yield return new Cell("  drains", Warning);
        }

        string process = isWide ? $"pid {node.ProcessId}, " : "";
        yield return new Cell($"  {process}up {NodeLabel.UptimeOf(node, topology.TakenAt.ToDateTimeOffset())}", Dim);
        foreach ((string name, string value) in node.Labels.OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            yield return new Cell($"  {name}={value}", Dim);
        }
    }

    private static Table Models(Topology topology, int width)
    {
        Device[] devices = [.. topology.Nodes.SelectMany(node => node.Devices)];
        return ToTable(
            [
                ("model", [.. topology.Models.Select(model => new Cell(model.Name))]),
                Column("shards", (model, experts) => Count(
                    devices.SelectMany(device => device.Shards).Where(shard => shard.Model == model).DistinctBy(shard => shard.Index).Count(),
                    (int)experts.Shards)),
                Column("routers", (model, experts) => Count(
                    devices.SelectMany(device => device.Routers).Count(router => router.Model == model), (int)experts.Replicas)),
                Column("imbalance", (_, experts) => new Cell(experts.ChoicesCounted == 0 ? "–" : $"{experts.Imbalance:N2}")),
                Column("replicated", (_, experts) => new Cell(Plural((int)experts.ExpertsReplicated, "expert"))),
                Column("choices", (_, experts) => new Cell($"{experts.ChoicesCounted:N0}")),
            ],
            width);

        // Nothing is known of a model that nobody has asked for.
        (string, Cell[]) Column(string name, Func<string, ExpertStatus, Cell> cell) =>
            (name, [.. topology.Models.Select(model => model.Experts is { } experts ? cell(model.Name, experts) : new Cell("–"))]);

        Cell Count(int there, int wanted) => new($"{there} of {wanted}", there < wanted ? Warning : Style.Plain);
    }

    private static IEnumerable<(string Text, Style Style)> Problems(Topology topology)
    {
        foreach (string node in topology.SilentNodes)
        {
            yield return ($"The node {node} does not answer.", Warning);
        }

        foreach (ModelStatus model in topology.Models.Where(model => model.Problem.Length > 0))
        {
            yield return ($"{model.Name}: {model.Problem}", Problem);
        }

        foreach (Node node in topology.Nodes)
        {
            foreach (string problem in node.Problems)
            {
                yield return ($"{NodeLabel.Of(node)}: {problem}", Problem);
            }
        }
    }

    /// <summary>A table whose last two columns share what the others leave of the width, where they need more.</summary>
    private static Table ToTable((string Name, Cell[] Cells)[] columns, int width)
    {
        // A cell and its right neighbour are two spaces apart: its own, and the border's.
        Table table = new() { Border = TableBorder.Simple };
        int[] widths = [.. columns.Select(column => column.Cells.Select(cell => cell.Text.Length).Append(column.Name.Length).Max())];
        int left = Math.Max(width - 2 - (2 * (columns.Length - 1)) - widths[..^2].Sum(), 2 * MinimalWidth);
        widths[^2] = Math.Min(widths[^2], Math.Max(left - widths[^1], left / 2));
        widths[^1] = Math.Min(widths[^1], left - widths[^2]);
        for (int i = 0; i < columns.Length; i++)
        {
            bool wraps = i >= columns.Length - 2 || columns[i].Name == "model";
            table.AddColumn(new TableColumn(new Text(columns[i].Name, Dim))
            {
                Width = widths[i], NoWrap = !wraps, Padding = new Padding(0, 0, i == columns.Length - 1 ? 0 : 1, 0),
            });
        }

        for (int row = 0; row < columns[0].Cells.Length; row++)
        {
            table.AddRow(columns.Select(column => new Text(column.Cells[row].Text, column.Cells[row].Style)));
        }

        return table;
    }

    private static string Share(double share, bool hasBar)
    {
        int full = (int)Math.Round(Math.Clamp(share, 0, 1) * BarWidth);
        string bar = hasBar ? $"{new string('█', full)}{new string('░', BarWidth - full)} " : "";
        return $"{bar}{share,4:P0}";
    }

    private static string Plural(int count, string unit) => count == 1 ? $"1 {unit}" : $"{count:N0} {unit}s";

    private sealed record Cell(string Text, Style? Style = null);
}
