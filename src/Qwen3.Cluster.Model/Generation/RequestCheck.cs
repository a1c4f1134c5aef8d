using Qwen3.Cluster.Model.Generation.Speculation;
using static System.FormattableString;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>Refuses what no engine, or not this one, can serve.</summary>
internal static class RequestCheck
{
    /// <summary>Checks every field.</summary>
    /// <param name="request">The request.</param>
    /// <param name="vocabularySize">Token ids that there are.</param>
    /// <param name="expertsPerToken">Experts that the model uses for a token.</param>
    /// <param name="contextLength">Tokens that prompt and reply may have together.</param>
    /// <exception cref="RequestRefusedException">The first field at fault.</exception>
    public static void Check(GenerationRequest request, int vocabularySize, int expertsPerToken, int contextLength)
    {
        int promptLength = request.Prompt.Length;
        Require(promptLength > 0, "Prompt", "The prompt has no tokens; give it at least one.");
        Require(
            promptLength < contextLength,
            "Prompt",
            Invariant($"The prompt has {promptLength} tokens; with at least one for the reply this model takes {contextLength} in all, so shorten it to {contextLength - 1}."));
        int stray = request.Prompt.AsSpan().IndexOfAnyExceptInRange(0, vocabularySize - 1);
        Require(
            stray < 0,
            "Prompt",
            Invariant($"The prompt has token {request.Prompt[Math.Max(stray, 0)]} at place {stray}; ids go from 0 to {vocabularySize - 1}."));

        SamplingParameters sampling = request.Sampling;
        RequireRange(sampling.Temperature, 0, 2, "Sampling.Temperature");
        Require(sampling.TopP is > 0 and <= 1, "Sampling.TopP", Invariant($"TopP is {sampling.TopP}; it must be above 0 and at most 1."));
        Require(sampling.TopK >= 0, "Sampling.TopK", Invariant($"TopK is {sampling.TopK}; it must be 0 (all tokens) or more."));
        RequireRange(sampling.MinP, 0, 1, "Sampling.MinP");
        RequireRange(sampling.PresencePenalty, -2, 2, "Sampling.PresencePenalty");
        RequireRange(sampling.FrequencyPenalty, -2, 2, "Sampling.FrequencyPenalty");
        RequireRange(sampling.RepetitionPenalty, 0.01f, 10, "Sampling.RepetitionPenalty");
        Require(!sampling.StopStrings.Contains(""), "Sampling.StopStrings", "A stop text is empty; leave it out.");
        Require(sampling.MaxTokens >= 1, "Sampling.MaxTokens", Invariant($"MaxTokens is {sampling.MaxTokens}; it must be 1 or more."));
        RequireRange(sampling.Logprobs, 0, 20, "Sampling.Logprobs");
        RequireRange(sampling.SampleCount, 1, 16, "Sampling.SampleCount");

        if (request.Written is { } written)
        {
            Require(
                written.Count == sampling.SampleCount,
                "Written",
                Invariant($"There are tokens of {written.Count} samples; the request has {sampling.SampleCount}."));
            Require(
                request.ClosedByTimeAt is null || request.ClosedByTimeAt.Count == written.Count,
                "ClosedByTimeAt",
                Invariant($"There are places of {request.ClosedByTimeAt?.Count} samples; the request has {written.Count}."));
            Require(written.Any(tokens => tokens is not null), "Written", "Every sample has ended; there is nothing to go on with.");
            Require(
                written.All(tokens => tokens is null || tokens.AsSpan().IndexOfAnyExceptInRange(0, vocabularySize - 1) < 0),
                "Written",
                Invariant($"A sample has a token that the model does not have; ids go from 0 to {vocabularySize - 1}."));
        }

        RequireRange(request.Thinking.MaxSteps, 1, 32, "Thinking.MaxSteps");
        Require(
            request.Thinking.MaxTokens is null or >= 0,
            "Thinking.MaxTokens",
            Invariant($"MaxTokens of the thinking is {request.Thinking.MaxTokens}; it must be 0 or more."));
        RequireRange(request.Thinking.MaxExperts, 1, expertsPerToken, "Thinking.MaxExperts");
        RequireRange(request.MaxDraftTokens, 0, DraftChoice.Most, "MaxDraftTokens");
    }

    private static void RequireRange(float? value, float least, float most, string field) => Require(
        value is null || (value >= least && value <= most),
        field,
        Invariant($"{field[(field.IndexOf('.') + 1)..]} is {value}; it must be from {least} to {most}."));

    private static void Require(bool holds, string field, string message)
    {
        if (!holds)
        {
            throw new RequestRefusedException(field, message);
        }
    }
}
