using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Chat;

/// <summary>The line under a reply: tokens, speed, time to the first token, the budget used, drafts, and what a limit changed.</summary>
public static class ReplySummary
{
    /// <summary>The line, without its end.</summary>
    /// <param name="finished">Why the reply ended, and what it spent.</param>
    /// <param name="firstToken">From asking to the first token, as the client saw it.</param>
    /// <param name="mode">What was asked for.</param>
    /// <param name="budget">What was allowed.</param>
    public static string Of(ReplyFinished finished, TimeSpan firstToken, Mode mode, ThinkingBudget budget)
    {
        Usage usage = finished.Usage;
        List<string> parts = [Count(usage.ReplyTokens, "token")];
        if (TokensPerSecond(usage) is { } speed)
        {
            parts.Add($"{speed:N0} tokens/s");
        }

        parts.Add($"first token {firstToken.TotalMilliseconds:N0} ms");
        parts.Add(Thinking(usage, budget));
        parts.AddRange(Auto(usage, mode));
        if (usage.DraftedTokens > 0)
        {
            parts.Add($"{usage.AcceptedTokens} of {Count(usage.DraftedTokens, "drafted token")} came true");
        }

        if (budget.HasMaxActiveParameters)
        {
            parts.Add(Activated(usage));
        }

        parts.AddRange(End(finished.Reason));
        return string.Join(" · ", parts);
    }

    /// <summary>Tokens after the first over the time after the first: what decoding alone does. Null for a single token.</summary>
    private static double? TokensPerSecond(Usage usage)
    {
        double seconds = usage.Duration.ToTimeSpan().TotalSeconds - usage.TimeToFirstToken.ToTimeSpan().TotalSeconds;
        return usage.ReplyTokens > 1 && seconds > 0 ? (usage.ReplyTokens - 1) / seconds : null;
    }

    private static string Thinking(Usage usage, ThinkingBudget budget)
    {
        // A model that is told /no_think opens and closes an empty block.
        if (usage is { ThinkingTokens: 0, ThinkingEnd: ThinkingEnd.Unspecified } or { ThinkingSteps: 0, ThinkingEnd: ThinkingEnd.Model })
        {
            return "no thinking";
        }

        string steps = budget.HasMaxSteps
            ? $"{usage.ThinkingSteps} of {Count(budget.MaxSteps, "step")}"
            : Count(usage.ThinkingSteps, "step");
        string tokens = budget.HasMaxThinkingTokens
            ? $"{usage.ThinkingTokens} of {Count(budget.MaxThinkingTokens, "token")}"
            : Count(usage.ThinkingTokens, "token");
        string end = usage.ThinkingEnd switch
        {
            ThinkingEnd.Model => "ended by the model",
            ThinkingEnd.Steps => "closed at the limit of steps",
            ThinkingEnd.Tokens => "closed at the limit of tokens",
            ThinkingEnd.Time => "closed in time for the answer",
            _ => "not ended",
        };
        return $"thinking {steps}, {tokens}, {end}";
    }

    private static IEnumerable<string> Auto(Usage usage, Mode mode) => (mode, usage.Mode) switch
    {
        (Mode.Auto, Mode.Deep) when usage.DroppedTokens > 0 => [$"auto: deep, {Count(usage.DroppedTokens, "token")} of a direct answer dropped"],
        (Mode.Auto, Mode.Deep) => ["auto: deep"],
        (Mode.Auto, Mode.Fast) => ["auto: fast"],
        _ => [],
    };

    private static string Activated(Usage usage)
    {
        string parameters = $"{ParameterCount.Of(usage.ActiveParameters)} parameters";
        return usage.ExpertsPerToken == 0 ? parameters : $"{Count(usage.ExpertsPerToken, "expert")}, {parameters} a token";
    }

    private static IEnumerable<string> End(FinishReason reason) => reason switch
    {
        FinishReason.Length => ["cut at its limit of tokens"],
        FinishReason.Deadline => ["DEADLINE: cut at the response time"],
        _ => [],
    };

    private static string Count(uint count, string unit) => count == 1 ? $"1 {unit}" : $"{count} {unit}s";
}
