namespace Qwen3.Cluster.Model.Generation.Speculation;

/// <summary>
/// What a row adds to a step of replies, as just measured: a line through (rows, time) of the latest steps, by least squares with older steps
/// forgotten. Where weights are read from memory once for all rows a row is nearly free; where arithmetic is the limit, or
/// each row asks experts of its own, it is not: only the clock tells.
/// </summary>
internal sealed class RowCost
{
    // A step weighs half after 23 others.
    private const double Keep = 0.97;

    // Steps that tell a line from noise, and how much their rows have to differ.
    private const double FewestSteps = 6;
    private const double LeastVariance = 0.1;

    // Until it is known, and again when all steps were alike for long: a row costs a third of what a step takes without any.
    private const double RowsWorthOfStep = 3;

    // A garbage collection, or another process, must not pass for the cost of rows.
    private const double MostOfMean = 4;

    private double _weight;
    private double _rows;
    private double _time;
    private double _rowsSquared;
    private double _rowsTime;

    /// <summary>Adds a step.</summary>
    /// <param name="rows">Its rows; 1 or more.</param>
    /// <param name="seconds">How long it took.</param>
    public void Add(int rows, double seconds)
    {
        seconds = _weight > 1 ? Math.Min(seconds, MostOfMean * Math.Max(Of(rows), _time / _weight)) : seconds;
        _weight = (Keep * _weight) + 1;
        _rows = (Keep * _rows) + rows;
        _time = (Keep * _time) + seconds;
        _rowsSquared = (Keep * _rowsSquared) + ((double)rows * rows);
        _rowsTime = (Keep * _rowsTime) + (rows * seconds);
    }

    /// <summary>The part of a step's time that its rows cost, 0 to 1: a row more costs this part of what a token costs without it.</summary>
    /// <param name="rows">The step's rows; 1 or more.</param>
    public double Share(int rows)
    {
        (double step, double row) = Line();
        return step + row > 0 ? rows * row / (step + (rows * row)) : 0;
    }

    /// <summary>How long a step with some of its rows would have taken, against what it took; 1 or less.</summary>
    /// <param name="rows">The rows that it would have had; 1 or more.</param>
    /// <param name="of">The rows that it had.</param>
    public double Part(int rows, int of)
    {
        (double step, double row) = Line();
        return step + row > 0 ? (step + (rows * row)) / (step + (of * row)) : 1;
    }

    private double Of(int rows)
    {
        (double step, double row) = Line();
        return step + (rows * row);
    }

    // Seconds of a step without rows and of a row, both 0 or more.
    private (double Step, double Row) Line()
    {
        double meanTime = _weight > 0 ? _time / _weight : 0;
        double meanRows = _weight > 0 ? _rows / _weight : 1;
        double variance = _weight > 0 ? (_rowsSquared / _weight) - (meanRows * meanRows) : 0;
        if (_weight < FewestSteps || variance < LeastVariance)
        {
            double assumed = (meanTime > 0 ? meanTime : 1) / (RowsWorthOfStep + meanRows);
            return (RowsWorthOfStep * assumed, assumed);
        }

        double row = Math.Clamp(((_rowsTime / _weight) - (meanRows * meanTime)) / variance, 0, meanTime / meanRows);
        return (meanTime - (row * meanRows), row);
    }
}
