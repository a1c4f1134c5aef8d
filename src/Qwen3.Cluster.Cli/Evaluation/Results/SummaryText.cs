using Qwen3.Cluster.Cli.Terminal;
using Spectre.Console;

namespace Qwen3.Cluster.Cli.Evaluation.Results;

/// <summary>Summaries for people: a table, with a line for each setting and group of questions. What no setting has is left out.</summary>
public static class SummaryText
{
    private static readonly Style Dim = new(decoration: Decoration.Dim);

    /// <summary>Lines without spaces at their ends.</summary>
    /// <param name="summaries">Those of tasks are left to the CSV.</param>
    /// <param name="width">Columns of the screen.</param>
    /// <param name="hasStyles">Whether it shows bold, dim and colours.</param>
    public static string[] Render(IReadOnlyList<EvalSummary> summaries, int width, bool hasStyles)
    {
        EvalSummary[] shown = [.. summaries.Where(summary => summary.Scope != EvalScope.Task)];
        bool hasGroups = shown.Any(summary => summary.Scope == EvalScope.Group);
        bool hasTimes = shown.Any(summary => summary.Setting.ResponseTime is not null || summary.ClosedByTime + summary.CutByDeadline > 0);
        (string Name, bool IsShown, Func<EvalSummary, string> Cell)[] columns =
        [
            ("setting", true, summary => summary.Scope == EvalScope.All ? summary.Setting.Name : ""),
            ("of", hasGroups, summary => summary.Name),
            ("questions", true, summary => $"{summary.Questions:N0}"),
            ("accuracy", true, summary => $"{100 * summary.Accuracy:N1} %"),
            ("95 %", true, summary => $"{100 * summary.Interval.Low:N1}–{100 * summary.Interval.High:N1}"),
            ("thinking", true, summary => $"{summary.ThinkingTokens:N1}"),
            ("tokens", true, summary => $"{summary.ReplyTokens:N1}"),
            ("dropped", shown.Any(summary => summary.DroppedTokens > 0), summary => $"{summary.DroppedTokens:N1}"),
            ("p50 s", true, summary => $"{summary.Median:N2}"),
            ("p95 s", true, summary => $"{summary.Percentile95:N2}"),
            ("max s", true, summary => $"{summary.Slowest:N2}"),
            ("by time", hasTimes, summary => $"{summary.ClosedByTime:N0}"),
            ("DEADLINE", hasTimes, summary => $"{summary.CutByDeadline:N0}"),
            ("errors", true, summary => $"{summary.Errors:N0}"),
        ];
        var used = columns.Where(column => column.IsShown).ToArray();
        Table table = new() { Border = TableBorder.Simple };
        for (int i = 0; i < used.Length; i++)
        {
            // A cell and its right neighbour are two spaces apart: its own, and the border's.
            table.AddColumn(new TableColumn(new Text(used[i].Name, Dim))
            {
                Alignment = used[i].Name is "setting" or "of" ? Justify.Left : Justify.Right,
                NoWrap = i > 0,
                Padding = new Padding(0, 0, i == used.Length - 1 ? 0 : 1, 0),
            });
        }

        foreach (EvalSummary summary in shown)
        {
            table.AddRow(used.Select(column => new Text(column.Cell(summary))));
        }

        return TableText.Render(table, width, hasStyles);
    }
}
