using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.Cli.Calibration;

/// <summary>
/// Plays the mode AUTO over questions that were answered both ways, with any threshold, and chooses one. What it comes to changes only between
/// one answer's confidence and the next, so that a threshold for each of these gaps is all that there is to choose from.
/// </summary>
/// <param name="answers">At least one.</param>
/// <param name="probeTokens">How many of an answer's first tokens AUTO looks at.</param>
public sealed class ThresholdChoice(IReadOnlyList<CalibrationAnswer> answers, int probeTokens)
{
    /// <summary>No confidence reaches it.</summary>
    public const double Never = 1.01;

    /// <summary>What every answer after thinking gets right, which the choice is measured by.</summary>
    public double ThinkingAccuracy { get; } = answers.Average(answer => answer.ThinkingIsRight ? 1.0 : 0);

    /// <summary>What one threshold comes to.</summary>
    public CalibrationRow Play(double threshold)
    {
        int right = 0, thought = 0;
        long tokens = 0;
        foreach (CalibrationAnswer answer in answers)
        {
            AnswerProbe probe = Probe(answer, threshold);
            right += (probe.IsSure ? answer.DirectIsRight : answer.ThinkingIsRight) ? 1 : 0;
            tokens += probe.IsSure ? answer.DirectTokens : probe.TokenCount + answer.ThinkingTokens;
            thought += probe.IsSure ? 0 : 1;
        }

        double count = answers.Count;
        return new CalibrationRow(threshold, right / count, tokens / count, thought / count);
    }

    /// <summary>Of all thresholds, from 0 (nothing is thought through) to <see cref="Never"/> (everything is).</summary>
    public IReadOnlyList<CalibrationRow> All()
    {
        double[] confidences = [.. answers.Select(answer => Probe(answer, 0).Confidence).Distinct().Order()];
        return [.. confidences.Zip(confidences.Skip(1), (one, next) => (one + next) / 2).Prepend(0).Append(Never).Select(Play)];
    }

    /// <summary>The one that spends the fewest tokens and is at most so much less often right than thinking always; of equals the most careful.</summary>
    /// <param name="rows">Of <see cref="All"/>.</param>
    /// <param name="loss">Of accuracy, 0 to 1.</param>
    public CalibrationRow Choose(IReadOnlyList<CalibrationRow> rows, double loss) => rows
        .Where(row => row.Accuracy >= ThinkingAccuracy - loss - 1e-9) // Half a question's rounding must not decide.
        .OrderBy(row => row.Tokens)
        .ThenByDescending(row => row.Threshold)
        .First();

    /// <summary>Rows for people: those at which about every tenth of the questions more is thought through.</summary>
    /// <param name="rows">Of <see cref="All"/>.</param>
    public static IReadOnlyList<CalibrationRow> Tenths(IReadOnlyList<CalibrationRow> rows) =>
        [.. Enumerable.Range(0, 11).Select(tenth => rows.MinBy(row => Math.Abs(row.ThinkingShare - (tenth / 10.0)))!).Distinct()];

    private AnswerProbe Probe(CalibrationAnswer answer, double threshold)
    {
        var probe = new AnswerProbe(new AutoCalibration { Threshold = threshold, ProbeTokens = probeTokens });
        for (int i = 0; i < answer.Likeliest.Count && !probe.IsDecided; i++)
        {
            probe.Add(answer.Likeliest[i]);
        }

        return probe;
    }
}
