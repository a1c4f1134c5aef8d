using System.Globalization;
using CsvHelper;

namespace Qwen3.Cluster.Cli.Evaluation.Results;

/// <summary>Summaries for programs: RFC 4180, a line for each setting and all questions, each group, each task.</summary>
public static class SummaryCsv
{
    /// <summary>Its name in the directory of a run.</summary>
    public const string FileName = "summary.csv";

    private static readonly (string Name, Func<EvalSummary, object?> Value)[] Columns =
    [
        ("setting", summary => summary.Setting.Name),
        ("mode", summary => summary.Setting.ModeName),
        ("max_steps", summary => summary.Setting.MaxSteps),
        ("max_thinking_tokens", summary => summary.Setting.MaxThinkingTokens),
        ("experts", summary => summary.Setting.Experts),
        ("max_active_parameters", summary => summary.Setting.MaxActiveParameters),
        ("response_time_s", summary => summary.Setting.ResponseTime),
        ("scope", summary => summary.Scope.ToString().ToLowerInvariant()),
        ("name", summary => summary.Name),
        ("questions", summary => summary.Questions),
        ("replies", summary => summary.Replies),
        ("errors", summary => summary.Errors),
        ("accuracy", summary => Math.Round(summary.Accuracy, 6)),
        ("accuracy_low_95", summary => Math.Round(summary.Interval.Low, 6)),
        ("accuracy_high_95", summary => Math.Round(summary.Interval.High, 6)),
        ("thought", summary => Math.Round(summary.Thought, 6)),
        ("thinking_tokens", summary => Math.Round(summary.ThinkingTokens, 3)),
        ("reply_tokens", summary => Math.Round(summary.ReplyTokens, 3)),
        ("dropped_tokens", summary => Math.Round(summary.DroppedTokens, 3)),
        ("p50_s", summary => Math.Round(summary.Median, 4)),
        ("p95_s", summary => Math.Round(summary.Percentile95, 4)),
        ("max_s", summary => Math.Round(summary.Slowest, 4)),
        ("closed_by_time", summary => summary.ClosedByTime),
        ("deadline", summary => summary.CutByDeadline),
    ];

    /// <summary>Writes them.</summary>
    public static void Write(string path, IReadOnlyList<EvalSummary> summaries)
    {
        using StreamWriter text = new(path);
        using CsvWriter csv = new(text, CultureInfo.InvariantCulture);
        foreach ((string name, _) in Columns)
        {
            csv.WriteField(name);
        }

        csv.NextRecord();
        foreach (EvalSummary summary in summaries)
        {
            foreach ((_, Func<EvalSummary, object?> value) in Columns)
            {
                csv.WriteField(value(summary));
            }

            csv.NextRecord();
        }
    }
}
