using Qwen3.Cluster.Cli.Terminal;
using Spectre.Console;

namespace Qwen3.Cluster.Cli.Benchmarking;

/// <summary>A report for people.</summary>
public static class BenchText
{
    /// <summary>Lines without spaces at their ends.</summary>
    /// <param name="report">What is shown.</param>
    /// <param name="width">Columns of the screen.</param>
    public static IEnumerable<string> Render(BenchReport report, int width)
    {
        yield return $"{report.Model}, weights {report.Weights}, {ByteUnits.Of(report.WeightBytes)}, cache {report.Cache}, loaded in {report.LoadSeconds:N1} s, {report.Threads} threads";
        yield return $"memory {report.Machine.ReadBytesPerSecond / 1e9:N1} GB/s, {report.Machine.OperationsPerSecond / 1e9:N0} G operations/s ({report.Machine.Instruction})";
        Table table = new Table().Border(TableBorder.Simple);
        foreach ((string name, Justify side) in ((string, Justify)[])
            [
                ("", Justify.Left), ("at once", Justify.Right), ("context", Justify.Right), ("tokens/s", Justify.Right), ("from–to", Justify.Right),
                ("read a step", Justify.Right), ("experts", Justify.Right), ("memory", Justify.Right), ("operations", Justify.Right),
            ])
        {
            table.AddColumn(new TableColumn(name) { Alignment = side });
        }

        foreach (BenchResult result in report.Results)
        {
            table.AddRow(
                result.Kind == "prompt" ? $"prompt of {result.Tokens}" : result.Kind, $"{result.Batch}", $"{result.Context:N0}", $"{result.TokensPerSecond:N1}",
                $"{result.Slowest:N1}–{result.Fastest:N1}", ByteUnits.Of(result.StepBytes), $"{result.DistinctExperts:N1}",
                $"{result.ShareOfBandwidth:P0}", $"{result.ShareOfOperations:P0}");
        }

        foreach (string line in TableText.Render(table, width, hasStyles: false))
        {
            yield return line;
        }

        foreach (string skipped in report.Skipped)
        {
            yield return $"not measured: {skipped}";
        }
    }
}
