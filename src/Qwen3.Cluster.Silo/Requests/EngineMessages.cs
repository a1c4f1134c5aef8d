using System.Text.Json;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>Between the messages of grains and the engine's own terms.</summary>
internal static class EngineMessages
{
    /// <summary>The engine's request for a router's call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="time">The engine's clock: what is left of the time counts from now.</param>
    public static GenerationRequest ToRequest(RouterCall call, TimeProvider time)
    {
        SamplingSettings given = call.Sampling;
        var sampling = new SamplingParameters();
        return new GenerationRequest
        {
            Id = call.RequestId,
            Prompt = call.Prompt,
            StartsInThinking = call.StartsInThinking,
            Written = call.Written,
            ClosedByTimeAt = call.ClosedByTimeAt,
            MaxDraftTokens = call.MaxDraftTokens,
            Deadline = call.TimeLeft is { } left ? time.GetTimestamp() + (long)(left.TotalSeconds * time.TimestampFrequency) : null,
            Thinking = new ThinkingLimits { MaxSteps = call.Budget.MaxSteps, MaxTokens = call.Budget.MaxThinkingTokens, MaxExperts = call.MaxExperts },
            Sampling = sampling with
            {
                Temperature = given.Temperature ?? sampling.Temperature,
                TopP = given.TopP ?? sampling.TopP,
                TopK = given.TopK ?? sampling.TopK,
                MinP = given.MinP ?? sampling.MinP,
                PresencePenalty = given.PresencePenalty ?? sampling.PresencePenalty,
                FrequencyPenalty = given.FrequencyPenalty ?? sampling.FrequencyPenalty,
                RepetitionPenalty = given.RepetitionPenalty ?? sampling.RepetitionPenalty,
                Seed = given.Seed ?? sampling.Seed,
                StopStrings = given.Stop,
                StopTokenIds = given.StopTokenIds,
                MaxTokens = given.MaxTokens ?? sampling.MaxTokens,
                Logprobs = given.Logprobs,
                SampleCount = given.SampleCount,
            },
        };
    }

    /// <summary>What an engine has to do.</summary>
    public static RouterStatus ToStatus(EngineMetrics metrics) => new()
    {
        Running = metrics.Running,
        Waiting = metrics.Waiting,
        FreePages = metrics.FreePages,
        PageCount = metrics.TotalPages,
    };

    /// <summary>What a step added to a reply.</summary>
    public static ReplyDelta ToDelta(GenerationDelta delta, Qwen3Tokenizer tokenizer) => new()
    {
        Sample = delta.Sample,
        Part = delta.Part == Model.Generation.ReplyPart.Thinking ? Contracts.Messages.ReplyPart.Thinking : Contracts.Messages.ReplyPart.Answer,
        Text = delta.Text,
        TokenIds = delta.TokenIds,
        Logprobs = delta.Logprobs.Select(logprob => ToLogprob(logprob, tokenizer)).ToArray(),
        ClosedBy = ToThinkingEnd(delta.ClosedBy),
    };

    /// <summary>The end of a reply.</summary>
    /// <param name="delta">The reply's last.</param>
    public static ReplyFinished ToFinished(GenerationDelta delta) => new()
    {
        Sample = delta.Sample,
        Reason = delta.Finish switch
        {
            Model.Generation.FinishReason.Stop => Contracts.Messages.FinishReason.Stop,
            Model.Generation.FinishReason.Length => Contracts.Messages.FinishReason.Length,
            Model.Generation.FinishReason.Deadline => Contracts.Messages.FinishReason.Deadline,
            _ => Contracts.Messages.FinishReason.Cancelled,
        },
        MatchedStop = delta.MatchedStop,
        Usage = ToUsage(delta.Usage!),
    };

    /// <summary>The proto's name of a field of <see cref="GenerationRequest"/>.</summary>
    public static string ToProtoField(string field) => field switch
    {
        "Sampling.SampleCount" => "sampling.n",
        "Sampling.StopStrings" => "sampling.stop",
        "Sampling.Logprobs" => "output.logprobs",
        "Thinking.MaxSteps" => "budget.max_steps",
        "Thinking.MaxTokens" => "budget.max_thinking_tokens",
        _ => string.Join('.', field.Split('.').Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)),
    };

    private static Contracts.Messages.ReplyUsage ToUsage(Model.Generation.ReplyUsage usage) => new()
    {
        PromptTokens = usage.PromptTokens,
        CachedPromptTokens = usage.CachedPromptTokens,
        ThinkingTokens = usage.ThinkingTokens,
        ReplyTokens = usage.ReplyTokens,
        ThinkingSteps = usage.ThinkingSteps,
        ThinkingEnd = ToThinkingEnd(usage.ThinkingEnd),
        DraftedTokens = usage.DraftedTokens,
        AcceptedTokens = usage.AcceptedTokens,
        TimeToFirstToken = usage.TimeToFirstToken,
        Duration = usage.Duration,
    };

    /// <summary>What ended the thinking.</summary>
    public static Contracts.Messages.ThinkingEnd ToThinkingEnd(Model.Generation.ThinkingEnd end) => end switch
    {
        Model.Generation.ThinkingEnd.Model => Contracts.Messages.ThinkingEnd.Model,
        Model.Generation.ThinkingEnd.Steps => Contracts.Messages.ThinkingEnd.Steps,
        Model.Generation.ThinkingEnd.Tokens => Contracts.Messages.ThinkingEnd.Tokens,
        Model.Generation.ThinkingEnd.Time => Contracts.Messages.ThinkingEnd.Time,
        _ => Contracts.Messages.ThinkingEnd.None,
    };

    private static Contracts.Messages.TokenLogprob ToLogprob(Model.Generation.TokenLogprob logprob, Qwen3Tokenizer tokenizer) => new()
    {
        TokenId = logprob.TokenId,
        Text = tokenizer.Decode([logprob.TokenId]),
        Logprob = logprob.Logprob,
        Top = logprob.Top.Select(top => ToLogprob(top, tokenizer)).ToArray(),
    };
}
