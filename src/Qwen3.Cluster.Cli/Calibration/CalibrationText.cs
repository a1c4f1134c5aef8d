using Qwen3.Cluster.Cli.Terminal;
using Spectre.Console;
using static System.FormattableString;

namespace Qwen3.Cluster.Cli.Calibration;

/// <summary>What a calibration found, for people.</summary>
public static class CalibrationText
{
    private static readonly Style Dim = new(decoration: Decoration.Dim);
    private static readonly Style Bold = new(decoration: Decoration.Bold);

    /// <summary>A table of thresholds, the one chosen marked, and under it what it was chosen for.</summary>
    /// <param name="rows">The thresholds to show.</param>
    /// <param name="chosen">The one chosen, which is shown in any case.</param>
    /// <param name="always">What thinking always comes to, with no direct answer begun.</param>
    /// <param name="width">Columns of the screen.</param>
    /// <param name="hasStyles">Whether it shows bold and dim.</param>
    public static string[] Render(IReadOnlyList<CalibrationRow> rows, CalibrationRow chosen, CalibrationRow always, int width, bool hasStyles)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string column in new[] { "threshold", "right", "tokens a question", "thinks", "" })
        {
            table.AddColumn(new TableColumn(new Text(column, Dim)) { NoWrap = true });
        }

        foreach (CalibrationRow row in rows.Append(chosen).Distinct().OrderBy(row => row.Threshold))
        {
            Style style = row == chosen ? Bold : Style.Plain;
            string[] cells =
            [
                Invariant($"{row.Threshold:0.######}"),
                Invariant($"{row.Accuracy:0.0%}"),
                Invariant($"{row.Tokens:0.0}"),
                Invariant($"{row.ThinkingShare:0.0%}"),
                row == chosen ? "chosen" : row.ThinkingShare == 0 ? "FAST" : row.ThinkingShare == 1 ? "always thinks" : "",
            ];
            table.AddRow(cells.Select(cell => new Text(cell, style)));
        }

        return
        [
            .. TableText.Render(table, width, hasStyles),
            Invariant($"DEEP is right at {always.Accuracy:0.0%}; AUTO with the threshold {chosen.Threshold:0.######} at {chosen.Accuracy:0.0%}, with {chosen.Tokens / always.Tokens:0.0%} of its tokens."),
        ];
    }
}
