using System.Text.Json.Serialization;

namespace Qwen3.Cluster.Cli.Evaluation.Results;

/// <summary>One reply to one question in one setting; a line of the results.</summary>
/// <param name="Setting">The setting's name.</param>
/// <param name="Question">The question's id.</param>
/// <param name="Sample">Which of the replies; from 0.</param>
/// <param name="Group">The question's.</param>
/// <param name="Task">The question's.</param>
/// <param name="IsRight">Whether it is right; a refusal or a failure is not.</param>
/// <param name="Answer">The reply without its thinking.</param>
/// <param name="Seconds">From asking to the end, as the client saw it.</param>
/// <param name="ThinkingTokens">Of the thinking.</param>
/// <param name="ReplyTokens">Of the whole reply, without what was dropped.</param>
/// <param name="DroppedTokens">Of a direct answer that was begun and dropped.</param>
/// <param name="Mode">What the mode came to: fast or deep; empty where the server did not say.</param>
/// <param name="ThinkingEnd">What ended the thinking: model, steps, tokens, time; empty without thinking.</param>
/// <param name="Finish">Why it ended: stop, length, deadline; empty for an error.</param>
/// <param name="Error">Why there is no reply; null where there is one.</param>
public sealed record EvalResult(
    string Setting,
    string Question,
    int Sample,
    string Group,
    string Task,
    bool IsRight,
    string Answer,
    double Seconds,
    uint ThinkingTokens,
    uint ReplyTokens,
    uint DroppedTokens,
    string Mode,
    string ThinkingEnd,
    string Finish,
    string? Error)
{
    /// <summary>What it is a result of.</summary>
    [JsonIgnore]
    public ResultKey Key => new(Setting, Question, Sample);
}
