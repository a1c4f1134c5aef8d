using System.Numerics;
using System.Text.Json;

namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>
/// The ranges of a request's fields, as the proto states them, in their one place. A front door does not check again: a value that
/// a message cannot hold (an unknown enum, no prompt) reaches the rules as one that they refuse.
/// </summary>
public static class RequestRules
{
    /// <summary>The most drafts that a step may run beside the next token of a reply.</summary>
    public const int MostDraftTokens = 8;

    /// <summary>The shortest response time that may be asked for.</summary>
    public static readonly TimeSpan LeastResponseTime = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest.</summary>
    public static readonly TimeSpan MostResponseTime = TimeSpan.FromSeconds(30);

    /// <summary>Refuses a conversation with fields that are out of range.</summary>
    /// <param name="call">The conversation.</param>
    /// <param name="vocabularySize">Token ids of the model; the highest is this less one.</param>
    /// <exception cref="InvalidRequestException">It names every such field, up to the first 16.</exception>
    public static void Check(ChatCall call, int vocabularySize)
    {
        var violations = new ViolationList();
        if (call.Messages.Count == 0)
        {
            violations.Add("messages", "must hold at least one message.");
        }

        for (int i = 0; i < call.Messages.Count; i++)
        {
            CheckMessage(violations, $"messages[{i}]", call.Messages[i]);
        }

        for (int i = 0; i < call.Tools.Count; i++)
        {
            CheckJsonObject(violations, $"tools[{i}]", call.Tools[i]);
        }

        if (!Enum.IsDefined(call.Mode))
        {
            violations.Add("mode", "must be one of the modes that the proto names.");
        }

        CheckStopTokens(violations, call.Model, call.Sampling);
        CheckSampling(violations, call.Sampling, vocabularySize);
        CheckBudget(violations, call.Budget);
        violations.AddUnlessBetween("max_draft_tokens", call.MaxDraftTokens, 0, MostDraftTokens);
        violations.ThrowIfAny();
    }

    /// <summary>Refuses a text or tokens to continue with fields that are out of range.</summary>
    /// <param name="call">What is continued.</param>
    /// <param name="vocabularySize">Token ids of the model; the highest is this less one.</param>
    /// <exception cref="InvalidRequestException">It names every such field, up to the first 16.</exception>
    public static void Check(GenerateCall call, int vocabularySize)
    {
        var violations = new ViolationList();
        if ((call.Text is null) == (call.TokenIds is null))
        {
            violations.Add("prompt", "must be either a text or tokens.");
        }

        if (call.Text is "")
        {
            violations.Add("text", "must not be empty.");
        }

        if (call.TokenIds is { Length: 0 })
        {
            violations.Add("tokens.ids", "must hold at least one token.");
        }

        if (call is { Model: ModelName.Auto, TokenIds: not null })
        {
            violations.Add("tokens.ids", "must not be given with the model \"auto\": ids are those of one model, so name it.");
        }

        CheckTokens(violations, "tokens.ids", call.TokenIds ?? [], vocabularySize);
        CheckStopTokens(violations, call.Model, call.Sampling);
        CheckSampling(violations, call.Sampling, vocabularySize);
        CheckBudget(violations, call.Budget);
        violations.AddUnlessBetween("max_draft_tokens", call.MaxDraftTokens, 0, MostDraftTokens);
        violations.ThrowIfAny();
    }

    /// <summary>Refuses token ids that a model does not have.</summary>
    /// <param name="field">The field that holds them, as the proto names it.</param>
    /// <param name="ids">The token ids.</param>
    /// <param name="vocabularySize">Token ids of the model; the highest is this less one.</param>
    /// <exception cref="InvalidRequestException">It names every such id, up to the first 16.</exception>
    public static void CheckTokens(string field, IReadOnlyList<int> ids, int vocabularySize)
    {
        var violations = new ViolationList();
        CheckTokens(violations, field, ids, vocabularySize);
        violations.ThrowIfAny();
    }

    private static void CheckMessage(ViolationList violations, string field, ChatMessage message)
    {
        if (!Enum.IsDefined(message.Role))
        {
            violations.Add($"{field}.role", "must be one of the roles that the proto names, and not ROLE_UNSPECIFIED.");
        }

        if (message.Role != ChatRole.Assistant && message.Thinking.Length > 0)
        {
            violations.Add($"{field}.thinking", "must be empty: only an assistant's message has thinking.");
        }

        if (message.Role != ChatRole.Assistant && message.ToolCalls.Count > 0)
        {
            violations.Add($"{field}.tool_calls", "must be empty: only an assistant's message calls functions.");
        }

        for (int i = 0; i < message.ToolCalls.Count; i++)
        {
            if (message.ToolCalls[i].Name.Length == 0)
            {
                violations.Add($"{field}.tool_calls[{i}].name", "must not be empty.");
            }

            CheckJsonObject(violations, $"{field}.tool_calls[{i}].arguments_json", message.ToolCalls[i].ArgumentsJson);
        }
    }

    private static void CheckStopTokens(ViolationList violations, string model, SamplingSettings sampling)
    {
        if (model == ModelName.Auto && sampling.StopTokenIds.Count > 0)
        {
            violations.Add("sampling.stop_token_ids", "must be empty with the model \"auto\": ids are those of one model, so name it.");
        }
    }

    private static void CheckSampling(ViolationList violations, SamplingSettings sampling, int vocabularySize)
    {
        violations.AddUnlessBetween("sampling.temperature", sampling.Temperature, 0f, 2f);
        violations.AddUnlessAbove("sampling.top_p", sampling.TopP, 0f, 1f);
        violations.AddUnlessBetween("sampling.top_k", sampling.TopK, 0, int.MaxValue);
        violations.AddUnlessBetween("sampling.min_p", sampling.MinP, 0f, 1f);
        violations.AddUnlessBetween("sampling.presence_penalty", sampling.PresencePenalty, -2f, 2f);
        violations.AddUnlessBetween("sampling.frequency_penalty", sampling.FrequencyPenalty, -2f, 2f);
        violations.AddUnlessBetween("sampling.repetition_penalty", sampling.RepetitionPenalty, 0.01f, 10f);

        violations.AddIfMore("sampling.stop", sampling.Stop.Count, 16);
        for (int i = 0; i < sampling.Stop.Count; i++)
        {
            int characters = sampling.Stop[i].EnumerateRunes().Count();
            if (characters is 0 or > 256)
            {
                violations.Add($"sampling.stop[{i}]", $"must have 1 to 256 characters; it has {characters}.");
            }
        }

        violations.AddIfMore("sampling.stop_token_ids", sampling.StopTokenIds.Count, 64);
        CheckTokens(violations, "sampling.stop_token_ids", sampling.StopTokenIds, vocabularySize);
        violations.AddUnlessBetween("sampling.max_tokens", sampling.MaxTokens, 1, int.MaxValue);
        violations.AddUnlessBetween("sampling.n", (int?)sampling.SampleCount, 1, 16);
        violations.AddUnlessBetween("output.logprobs", sampling.Logprobs, 0, 20);
    }

    private static void CheckBudget(ViolationList violations, BudgetSettings budget)
    {
        violations.AddUnlessBetween("budget.max_steps", budget.MaxSteps, 1, 32);
        violations.AddUnlessBetween("budget.max_thinking_tokens", budget.MaxThinkingTokens, 0, int.MaxValue);
        if (budget.ResponseTime is { } time && (time < LeastResponseTime || time > MostResponseTime))
        {
            violations.Add(
                "budget.response_time",
                FormattableString.Invariant(
                    $"must be {LeastResponseTime.TotalSeconds} to {MostResponseTime.TotalSeconds} s, not {time.TotalSeconds} s."));
        }
    }

    private static void CheckTokens(ViolationList violations, string field, IReadOnlyList<int> ids, int vocabularySize)
    {
        for (int i = 0; i < ids.Count && !violations.IsFull; i++)
        {
            violations.AddUnlessBetween($"{field}[{i}]", (int?)ids[i], 0, vocabularySize - 1);
        }
    }

    private static void CheckJsonObject(ViolationList violations, string field, string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                violations.Add(field, $"must be a JSON object; it is of the kind {document.RootElement.ValueKind}.");
            }

            ReadTexts(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            violations.Add(field, "must be a JSON object; it cannot be read as JSON.");
        }
        catch (InvalidOperationException)
        {
            violations.Add(field, "must be a JSON object of text; an escape in it, such as \\ud800, is half of a surrogate pair.");
        }
    }

    /// <summary>Decodes all names and strings: the parser has left their escapes as they are.</summary>
    /// <exception cref="InvalidOperationException">One is not text.</exception>
    private static void ReadTexts(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    _ = member.Name;
                    ReadTexts(member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.String:
                _ = value.GetString();
                break;
        }
    }

    /// <summary>Holds the first few: they travel in the trailers of a call, whose size clients limit to a few KiB.</summary>
    private sealed class ViolationList
    {
        private const int Capacity = 16;
        private readonly List<FieldViolation> _violations = [];

        public bool IsFull => _violations.Count == Capacity;

        public void Add(string field, string description)
        {
            if (!IsFull)
            {
                _violations.Add(new FieldViolation { Field = field, Description = description });
            }
        }

        // Not-a-number compares false with everything, so these ask what must be true.
        public void AddUnlessBetween<T>(string field, T? value, T least, T most) where T : struct, INumber<T>
        {
            if (value is { } given && !(given >= least && given <= most))
            {
                Add(field, FormattableString.Invariant($"must be {least} to {most}, not {given}."));
            }
        }

        public void AddUnlessAbove(string field, float? value, float bound, float most)
        {
            if (value is { } given && !(given > bound && given <= most))
            {
                Add(field, FormattableString.Invariant($"must be above {bound} and at most {most}, not {given}."));
            }
        }

        public void AddIfMore(string field, int count, int most)
        {
            if (count > most)
            {
                Add(field, $"must hold at most {most}; it holds {count}.");
            }
        }

        public void ThrowIfAny()
        {
            if (_violations.Count > 0)
            {
                throw new InvalidRequestException(_violations);
            }
        }
    }
}
