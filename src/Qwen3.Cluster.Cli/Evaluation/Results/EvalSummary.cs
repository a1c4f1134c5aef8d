using Qwen3.Cluster.Cli.Evaluation.Settings;

namespace Qwen3.Cluster.Cli.Evaluation.Results;

/// <summary>What a setting came to, over all questions, those of a group, or those of a task.</summary>
public sealed record EvalSummary
{
    private EvalSummary(EvalSetting setting, EvalScope scope, string name, IReadOnlyList<EvalResult> results)
    {
        EvalResult[] replies = [.. results.Where(result => result.Error is null)];
        double[] seconds = [.. replies.Select(reply => reply.Seconds).Order()];
        (Setting, Scope, Name) = (setting, scope, name);
        Questions = results.Select(result => result.Question).Distinct().Count();
        Replies = replies.Length;
        Errors = results.Count - replies.Length;
        Accuracy = MeanOf(results, result => result.IsRight ? 1 : 0);
        Interval = WilsonInterval.Of(Accuracy, Questions);
        Thought = MeanOf(replies, reply => reply.ThinkingTokens > 0 ? 1 : 0);
        ThinkingTokens = MeanOf(replies, reply => reply.ThinkingTokens);
        DroppedTokens = MeanOf(replies, reply => reply.DroppedTokens);
        ReplyTokens = MeanOf(replies, reply => reply.ReplyTokens + reply.DroppedTokens);
        (Median, Percentile95, Slowest) = (Rank(seconds, 0.5), Rank(seconds, 0.95), Rank(seconds, 1));
        ClosedByTime = replies.Count(reply => reply.ThinkingEnd == "time");
        CutByDeadline = replies.Count(reply => reply.Finish == "deadline");
    }

    /// <summary>How they were asked.</summary>
    public EvalSetting Setting { get; }

    /// <summary>Which questions.</summary>
    public EvalScope Scope { get; }

    /// <summary>The group or the task; <c>all</c>.</summary>
    public string Name { get; }

    /// <summary>Questions, each once however many samples.</summary>
    public int Questions { get; }

    /// <summary>Replies that there are.</summary>
    public int Replies { get; }

    /// <summary>Refusals and failures.</summary>
    public int Errors { get; }

    /// <summary>The share that is right, 0 to 1, over all samples (pass@1); errors are wrong.</summary>
    public double Accuracy { get; }

    /// <summary>Of the accuracy, over the questions: samples of one question say little of another.</summary>
    public WilsonInterval Interval { get; }

    /// <summary>The share of replies that thought, 0 to 1.</summary>
    public double Thought { get; }

    /// <summary>Tokens of thinking a reply.</summary>
    public double ThinkingTokens { get; }

    /// <summary>Tokens of a direct answer that was dropped, a reply.</summary>
    public double DroppedTokens { get; }

    /// <summary>Tokens a reply, dropped ones included.</summary>
    public double ReplyTokens { get; }

    /// <summary>Seconds in which half of the replies had ended.</summary>
    public double Median { get; }

    /// <summary>Seconds in which 95 % had.</summary>
    public double Percentile95 { get; }

    /// <summary>Seconds of the slowest.</summary>
    public double Slowest { get; }

    /// <summary>Replies whose thinking the response time ended.</summary>
    public int ClosedByTime { get; }

    /// <summary>Replies that the response time cut.</summary>
    public int CutByDeadline { get; }

    /// <summary>Summaries of all settings, in their order: of all questions, then of each group where there are several, then of each task likewise.</summary>
    public static IReadOnlyList<EvalSummary> Of(IReadOnlyList<EvalSetting> settings, IReadOnlyList<EvalResult> results)
    {
        ILookup<string, EvalResult> bySetting = results.ToLookup(result => result.Setting);
        return
        [
            .. settings.Where(setting => bySetting.Contains(setting.Name)).SelectMany(setting => (IEnumerable<EvalSummary>)
            [
                new EvalSummary(setting, EvalScope.All, "all", [.. bySetting[setting.Name]]),
                .. Parts(setting, EvalScope.Group, bySetting[setting.Name].GroupBy(result => result.Group)),
                .. Parts(setting, EvalScope.Task, bySetting[setting.Name].Where(result => result.Task.Length > 0).GroupBy(result => result.Task)),
            ]),
        ];
    }

    private static IEnumerable<EvalSummary> Parts(EvalSetting setting, EvalScope scope, IEnumerable<IGrouping<string, EvalResult>> groups)
    {
        IGrouping<string, EvalResult>[] all = [.. groups.OrderBy(group => group.Key, StringComparer.Ordinal)];
        return all.Length > 1 ? all.Select(group => new EvalSummary(setting, scope, group.Key, [.. group])) : [];
    }

    private static double MeanOf(IReadOnlyList<EvalResult> results, Func<EvalResult, double> value) => results.Count > 0 ? results.Average(value) : 0;

    // The nearest rank: a value that was measured.
    private static double Rank(double[] ascending, double share) => ascending.Length > 0 ? ascending[(int)Math.Ceiling(share * ascending.Length) - 1] : 0;
}
