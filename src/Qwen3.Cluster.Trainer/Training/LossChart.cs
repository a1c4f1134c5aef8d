using System.Globalization;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>The losses of all phases so far in one picture, loss.svg, one phase after the other.</summary>
internal static class LossChart
{
    /// <summary>The picture's name in a run's directory.</summary>
    public const string FileName = "loss.svg";

    // A point of the picture is a mean of so many lines: a line alone is mostly the chance of its batches.
    private const int LinesOfPoint = 10;

    /// <summary>Draws the picture from the phases' files.</summary>
    /// <param name="curriculum">Its phases.</param>
    /// <param name="directory">Of the run.</param>
    public static void Write(Curriculum curriculum, string directory)
    {
        PlotModel model = new() { Title = "Loss of each phase", Background = OxyColors.White };
        model.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "million tokens, all phases", Minimum = 0, MajorGridlineStyle = LineStyle.Dot });
        model.Axes.Add(new LogarithmicAxis { Position = AxisPosition.Left, Title = "mean −log p of a token to be learned", MajorGridlineStyle = LineStyle.Dot });
        model.Legends.Add(new Legend { LegendPosition = LegendPosition.RightTop });
        double before = 0;
        foreach (TrainingPhase phase in curriculum.Phases)
        {
            string path = new PhaseFiles(directory, phase.Name).Loss;
            (double Tokens, double Loss)[] lines = File.Exists(path) ? [.. File.ReadLines(path).Skip(1).Select(Parse)] : [];
            LineSeries series = new() { Title = phase.Name };
            series.Points.AddRange(lines.Chunk(LinesOfPoint).Select(chunk => new DataPoint(before + chunk[^1].Tokens, chunk.Average(line => line.Loss))));
            model.Series.Add(series);
            before += lines.Length > 0 ? lines[^1].Tokens : 0;
        }

        AtomicFile.WriteText(Path.Combine(directory, FileName), new SvgExporter { Width = 900, Height = 420 }.ExportToString(model));
    }

    // step,tokens,loss,...
    private static (double Tokens, double Loss) Parse(string line)
    {
        string[] fields = line.Split(',');
        return (double.Parse(fields[1], CultureInfo.InvariantCulture) / 1e6, double.Parse(fields[2], CultureInfo.InvariantCulture));
    }
}
