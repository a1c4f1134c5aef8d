using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Evaluation.Settings;

/// <summary>How questions are asked: one cell of the grid.</summary>
/// <param name="Mode">Fast, deep or auto.</param>
/// <param name="MaxSteps">Paragraphs of thinking; null: no limit.</param>
/// <param name="MaxThinkingTokens">Tokens of thinking; null: no limit.</param>
/// <param name="Experts">Experts for a token; null: as many as the model asks by itself.</param>
/// <param name="MaxActiveParameters">The limit that comes to so many experts; null without.</param>
/// <param name="ResponseTime">In seconds; null: no limit.</param>
public sealed record EvalSetting(Mode Mode, uint? MaxSteps, uint? MaxThinkingTokens, uint? Experts, ulong? MaxActiveParameters, double? ResponseTime)
{
    /// <summary>Unique in a grid, and for people: <c>deep, 4 steps, k = 2, 1.5 s</c>.</summary>
    public string Name => string.Join(", ", Parts());

    /// <summary>The mode as a command line has it.</summary>
    public string ModeName => Mode.ToString().ToLowerInvariant();

    /// <summary>The limits, as a request has them.</summary>
    public ThinkingBudget ToBudget()
    {
        ThinkingBudget budget = new();
        if (MaxSteps is { } steps)
        {
            budget.MaxSteps = steps;
        }

        if (MaxThinkingTokens is { } tokens)
        {
            budget.MaxThinkingTokens = tokens;
        }

        if (MaxActiveParameters is { } parameters)
        {
            budget.MaxActiveParameters = parameters;
        }

        if (ResponseTime is { } seconds)
        {
            budget.ResponseTime = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds));
        }

        return budget;
    }

    private IEnumerable<string> Parts()
    {
        yield return ModeName;
        if (MaxSteps is { } steps)
        {
            yield return steps == 1 ? "1 step" : $"{steps} steps";
        }

        if (MaxThinkingTokens is { } tokens)
        {
            yield return tokens == 1 ? "1 token" : $"{tokens} tokens";
        }

        if (Experts is { } experts)
        {
            yield return $"k = {experts}";
        }

        if (ResponseTime is { } seconds)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{seconds} s");
        }
    }
}
