using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;
using OxyPlot.SkiaSharp;
using Qwen3.Cluster.Cli.Evaluation.Results;
using Qwen3.Cluster.Cli.Evaluation.Settings;
using SvgExporter = OxyPlot.SvgExporter;

namespace Qwen3.Cluster.Cli.Evaluation.Charts;

/// <summary>
/// Accuracy against a limit, on a logarithmic scale, as in Figure 2 of Qwen3's report: a line for each group of questions and whatever else differs. No limit stands
/// right of the largest, 0 left of the least; a setting that the limit does not reach (fast) is a dashed line across.
/// </summary>
public static class AccuracyChart
{
    private const int Width = 900, Height = 520;

    /// <summary>Draws a picture, as SVG and PNG, for each limit that was set to several values.</summary>
    /// <param name="directory">Of the run.</param>
    /// <param name="summaries">Of all settings.</param>
    /// <returns>The files.</returns>
    public static IReadOnlyList<string> Write(string directory, IReadOnlyList<EvalSummary> summaries)
    {
        List<string> files = [];
        foreach (ChartAxis axis in ChartAxis.All)
        {
            double[] values = [.. summaries.Select(summary => axis.ValueOf(summary.Setting)).OfType<double>().Distinct().Order()];
            if (values.Length < 2)
            {
                continue;
            }

            PlotModel model = Draw(axis, new ChartScale(values), summaries);
            string path = Path.Combine(directory, $"accuracy-by-{axis.Name}");
            File.WriteAllText($"{path}.svg", new SvgExporter { Width = Width, Height = Height }.ExportToString(model));
            using FileStream png = File.Create($"{path}.png");
            new PngExporter { Width = Width, Height = Height }.Export(model, png);
            files.AddRange([$"{path}.svg", $"{path}.png"]);
        }

        return files;
    }

    private static PlotModel Draw(ChartAxis axis, ChartScale scale, IReadOnlyList<EvalSummary> summaries)
    {
        PlotModel model = new() { Background = OxyColors.White, PlotAreaBorderColor = OxyColors.Gray };
        model.Axes.Add(scale.ToAxis(axis.Title));
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Left, Title = "accuracy, %", Minimum = 0, Maximum = 102, MajorStep = 20, MajorGridlineStyle = LineStyle.Dot,
        });
        model.Legends.Add(new Legend { LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.RightTop });

        bool hasGroups = summaries.Any(summary => summary.Scope == EvalScope.Group);
        IEnumerable<EvalSummary> drawn = summaries.Where(summary => axis.Fits(summary.Setting) && summary.Scope == (hasGroups ? EvalScope.Group : EvalScope.All));
        foreach (IGrouping<(EvalSetting Setting, string Group), EvalSummary> line in drawn.GroupBy(summary => (axis.Without(summary.Setting), summary.Name)))
        {
            model.Series.Add(ToSeries(hasGroups ? $"{line.Key.Setting.Name}: {line.Key.Group}" : line.Key.Setting.Name, axis, scale, [.. line]));
        }

        return model;
    }

    private static LineSeries ToSeries(string title, ChartAxis axis, ChartScale scale, EvalSummary[] line)
    {
        LineSeries series = new() { Title = title, MarkerType = MarkerType.Circle, MarkerSize = 3 };
        if (line is [{ } single] && axis.ValueOf(single.Setting) is null)
        {
            series.MarkerType = MarkerType.None;
            series.LineStyle = LineStyle.Dash;
            series.Points.AddRange([new DataPoint(scale.First, 100 * single.Accuracy), new DataPoint(scale.Last, 100 * single.Accuracy)]);
            return series;
        }

        series.Points.AddRange(line.Select(summary => new DataPoint(scale.PlaceOf(axis.ValueOf(summary.Setting)), 100 * summary.Accuracy)).OrderBy(point => point.X));
        return series;
    }
}
