using System.Globalization;
using OxyPlot;
using OxyPlot.Axes;

namespace Qwen3.Cluster.Cli.Evaluation.Charts;

/// <summary>Places on an axis in powers of two, with one more on either side: for 0, and for no limit.</summary>
/// <param name="values">The limits, 0 or more, in ascending order; one of them at least above 0.</param>
public sealed class ChartScale(IReadOnlyList<double> values)
{
    private readonly double _least = Math.Floor(Math.Log2(values.First(value => value > 0)));
    private readonly double _most = Math.Ceiling(Math.Log2(values[^1]));

    /// <summary>The place left of all others.</summary>
    public double First => values[0] > 0 ? _least : ZeroPlace;

    /// <summary>The place right of all others: that of no limit.</summary>
    public double Last => _most + 1;

    private double ZeroPlace => _least - 1;

    /// <summary>Where a limit stands; null: no limit.</summary>
    public double PlaceOf(double? value) => value switch
    {
        null => Last,
        0 => ZeroPlace,
        { } number => Math.Log2(number),
    };

    /// <summary>The axis, along the bottom.</summary>
    public Axis ToAxis(string title) => new LinearAxis
    {
        Position = AxisPosition.Bottom,
        Title = title,
        Minimum = First - 0.2,
        Maximum = Last + 0.2,
        MajorStep = 1,
        MinorStep = 1,
        MajorGridlineStyle = LineStyle.Dot,
        LabelFormatter = LabelOf,
    };

    /// <summary>What stands under a place.</summary>
    public string LabelOf(double place)
    {
        double rounded = Math.Round(place);
        return rounded >= Last ? "no limit" : rounded < _least ? "0" : Math.Pow(2, rounded).ToString("0.##", CultureInfo.InvariantCulture);
    }
}
