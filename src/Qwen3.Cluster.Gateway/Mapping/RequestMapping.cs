using Google.Protobuf.WellKnownTypes;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Gateway.Mapping;

/// <summary>
/// From the proto's requests to the grains' calls. Nothing is refused here: a value that the call cannot hold becomes one that
/// <see cref="RequestRules"/> refuses with the rest (an unknown enum: −1), or that means the same (a count beyond int: the largest int).
/// </summary>
internal static class RequestMapping
{
    public static ChatCall ToCall(this Protos.ChatRequest request) => new()
    {
        Model = request.Model,
        Messages = [.. request.Messages.Select(ToMessage)],
        Tools = [.. request.Tools],
        Mode = request.Mode switch
        {
            Protos.Mode.Unspecified => ReplyMode.Default,
            Protos.Mode.Fast => ReplyMode.Fast,
            Protos.Mode.Deep => ReplyMode.Deep,
            Protos.Mode.Auto => ReplyMode.Auto,
            _ => (ReplyMode)(-1),
        },
        Sampling = ToSettings(request.Sampling, request.Output),
        Budget = ToSettings(request.Budget),
        MaxDraftTokens = request.HasMaxDraftTokens ? ToInt(request.MaxDraftTokens) : null,
    };

    public static GenerateCall ToCall(this Protos.GenerateRequest request) => new()
    {
        Model = request.Model,
        Text = request.PromptCase == Protos.GenerateRequest.PromptOneofCase.Text ? request.Text : null,
        TokenIds = request.PromptCase == Protos.GenerateRequest.PromptOneofCase.Tokens ? ToTokenIds(request.Tokens.Ids) : null,
        Sampling = ToSettings(request.Sampling, request.Output),
        Budget = ToSettings(request.Budget),
        MaxDraftTokens = request.HasMaxDraftTokens ? ToInt(request.MaxDraftTokens) : null,
    };

    public static int[] ToTokenIds(IEnumerable<uint> ids) => [.. ids.Select(ToInt)];

    private static ChatMessage ToMessage(Protos.Message message) => new()
    {
        Role = message.Role switch
        {
            Protos.Role.System => ChatRole.System,
            Protos.Role.User => ChatRole.User,
            Protos.Role.Assistant => ChatRole.Assistant,
            Protos.Role.Tool => ChatRole.Tool,
            _ => (ChatRole)(-1),
        },
        Content = message.Content,
        Thinking = message.Thinking,
        ToolCalls = [.. message.ToolCalls.Select(call => new ToolCall { Name = call.Name, ArgumentsJson = call.ArgumentsJson })],
    };

    private static SamplingSettings ToSettings(Protos.Sampling? sampling, Protos.OutputOptions? output)
    {
        sampling ??= new Protos.Sampling();
        return new SamplingSettings
        {
            Temperature = sampling.HasTemperature ? sampling.Temperature : null,
            TopP = sampling.HasTopP ? sampling.TopP : null,
            TopK = sampling.HasTopK ? ToInt(sampling.TopK) : null,
            MinP = sampling.HasMinP ? sampling.MinP : null,
            PresencePenalty = sampling.HasPresencePenalty ? sampling.PresencePenalty : null,
            FrequencyPenalty = sampling.HasFrequencyPenalty ? sampling.FrequencyPenalty : null,
            RepetitionPenalty = sampling.HasRepetitionPenalty ? sampling.RepetitionPenalty : null,
            Seed = sampling.HasSeed ? sampling.Seed : null,
            Stop = [.. sampling.Stop],
            StopTokenIds = ToTokenIds(sampling.StopTokenIds),
            MaxTokens = sampling.HasMaxTokens ? ToInt(sampling.MaxTokens) : null,
            SampleCount = sampling.HasN ? ToInt(sampling.N) : 1,
            Logprobs = output is { HasLogprobs: true } ? ToInt(output.Logprobs) : null,
        };
    }

    private static BudgetSettings ToSettings(Protos.ThinkingBudget? budget) => new()
    {
        MaxSteps = budget is { HasMaxSteps: true } ? ToInt(budget.MaxSteps) : null,
        MaxThinkingTokens = budget is { HasMaxThinkingTokens: true } ? ToInt(budget.MaxThinkingTokens) : null,
        MaxActiveParameters = budget is { HasMaxActiveParameters: true } ? (long)Math.Min(budget.MaxActiveParameters, long.MaxValue) : null,
        ResponseTime = budget?.ResponseTime is { } time ? ToTimeSpan(time) : null,
    };

    // A duration that no time span holds becomes one that is as far out of range.
    private static TimeSpan ToTimeSpan(Duration time) => TimeSpan.FromSeconds(Math.Clamp(time.Seconds + (time.Nanos / 1e9), -1e9, 1e9));

    private static int ToInt(uint value) => (int)Math.Min(value, int.MaxValue);
}
