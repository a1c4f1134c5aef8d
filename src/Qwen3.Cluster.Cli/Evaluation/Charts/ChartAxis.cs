using Qwen3.Cluster.Cli.Evaluation.Settings;

namespace Qwen3.Cluster.Cli.Evaluation.Charts;

/// <summary>A limit that accuracy is drawn against.</summary>
/// <param name="Name">Of the picture's file: accuracy-by-steps.</param>
/// <param name="Title">Under the axis.</param>
/// <param name="ValueOf">The setting's limit; null: none.</param>
/// <param name="Fits">Whether a setting belongs into the picture: budgets of the other kind do not.</param>
/// <param name="Without">The setting without it: settings that agree in this are a line of the picture.</param>
public sealed record ChartAxis(
    string Name, string Title, Func<EvalSetting, double?> ValueOf, Func<EvalSetting, bool> Fits, Func<EvalSetting, EvalSetting> Without)
{
    /// <summary>All that there are.</summary>
    public static IReadOnlyList<ChartAxis> All { get; } =
    [
        new("steps", "thinking budget, steps", setting => setting.MaxSteps, setting => setting.MaxThinkingTokens is null, setting => setting with { MaxSteps = null }),
        new("tokens", "thinking budget, tokens", setting => setting.MaxThinkingTokens, setting => setting.MaxSteps is null, setting => setting with { MaxThinkingTokens = null }),
        new("experts", "experts for each token, k", setting => setting.Experts, _ => true, setting => setting with { Experts = null, MaxActiveParameters = null }),
        new("response-time", "response time, seconds", setting => setting.ResponseTime, _ => true, setting => setting with { ResponseTime = null }),
    ];
}
