using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Silo.Requests;
using Qwen3.Cluster.UnitTests.Generation;
using Messages = Qwen3.Cluster.Contracts.Messages;
using FinishReason = Qwen3.Cluster.Model.Generation.FinishReason;
using ReplyPart = Qwen3.Cluster.Model.Generation.ReplyPart;
using ReplyUsage = Qwen3.Cluster.Model.Generation.ReplyUsage;
using ThinkingEnd = Qwen3.Cluster.Model.Generation.ThinkingEnd;
using TokenLogprob = Qwen3.Cluster.Model.Generation.TokenLogprob;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public class EngineMessagesTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_call_becomes_a_request_field_by_field()
    {
        GenerationRequest request = EngineMessages.ToRequest(new RouterCall
        {
            RequestId = "r",
            Prompt = [1, 2],
            StartsInThinking = true,
            Budget = new BudgetSettings { MaxSteps = 3, MaxThinkingTokens = 4 },
            TimeLeft = TimeSpan.FromSeconds(1.5),
            Written = [[7], null],
            ClosedByTimeAt = [1, null],
            MaxDraftTokens = 5,
            Sampling = new SamplingSettings
            {
                Temperature = 0.1f, TopP = 0.2f, TopK = 3, MinP = 0.4f, PresencePenalty = 0.5f, FrequencyPenalty = 0.6f, RepetitionPenalty = 0.7f,
                Seed = 8, Stop = ["x"], StopTokenIds = [9], MaxTokens = 10, Logprobs = 11, SampleCount = 12,
            },
        }, _time);

        Assert.Equal(("r", true), (request.Id, request.StartsInThinking));
        Assert.Equal(TimeSpan.FromSeconds(1.5), _time.GetElapsedTime(_time.GetTimestamp(), request.Deadline!.Value));
        Assert.Equal([7], request.Written![0]!);
        Assert.Equal([1, null], request.ClosedByTimeAt);
        Assert.Equal(5, request.MaxDraftTokens);
        Assert.Equal([1, 2], request.Prompt);
        Assert.Equal(new ThinkingLimits { MaxSteps = 3, MaxTokens = 4 }, request.Thinking);
        Assert.Equal(["x"], request.Sampling.StopStrings);
        Assert.Equal([9], request.Sampling.StopTokenIds);
        Assert.Equal(
            new SamplingParameters
            {
                Temperature = 0.1f, TopP = 0.2f, TopK = 3, MinP = 0.4f, PresencePenalty = 0.5f, FrequencyPenalty = 0.6f, RepetitionPenalty = 0.7f,
                Seed = 8, MaxTokens = 10, Logprobs = 11, SampleCount = 12,
            },
            request.Sampling with { StopStrings = new SamplingParameters().StopStrings, StopTokenIds = new SamplingParameters().StopTokenIds });
    }

    [Fact]
    public void What_a_call_leaves_open_is_the_engines_own_default()
    {
        GenerationRequest request = EngineMessages.ToRequest(new RouterCall { RequestId = "r", Prompt = [1] }, _time);
        Assert.Null(request.Deadline);
        Assert.Null(request.MaxDraftTokens);

        Assert.Equal(
            new SamplingParameters(),
            request.Sampling with { StopStrings = new SamplingParameters().StopStrings, StopTokenIds = new SamplingParameters().StopTokenIds });
        Assert.Equal(new ThinkingLimits(), request.Thinking);
    }

    [Theory]
    [InlineData(ReplyPart.Thinking, Messages.ReplyPart.Thinking)]
    [InlineData(ReplyPart.Answer, Messages.ReplyPart.Answer)]
    public void A_delta_keeps_its_text_tokens_and_logprobs(ReplyPart part, Messages.ReplyPart expected)
    {
        ReplyDelta delta = EngineMessages.ToDelta(
            new GenerationDelta
            {
                RequestId = "r", Sample = 2, Part = part, ClosedBy = ThinkingEnd.Time, Text = "ab", TokenIds = ['a', 'b'],
                Logprobs = [new TokenLogprob('a', -1, [new TokenLogprob('c', -2, [])])],
            },
            TinyTokenizer.Thinking);

        Assert.Equal((2, expected, "ab"), (delta.Sample, delta.Part, delta.Text));
        Assert.Equal(['a', 'b'], delta.TokenIds);
        Assert.Equal(Messages.ThinkingEnd.Time, delta.ClosedBy);
        Messages.TokenLogprob logprob = Assert.Single(delta.Logprobs);
        Assert.Equal(('a', "a", -1f), (logprob.TokenId, logprob.Text, logprob.Logprob));
        Assert.Equal(('c', "c", -2f), (logprob.Top[0].TokenId, logprob.Top[0].Text, logprob.Top[0].Logprob));
    }

    [Theory]
    [InlineData(FinishReason.Stop, Messages.FinishReason.Stop)]
    [InlineData(FinishReason.Length, Messages.FinishReason.Length)]
    [InlineData(FinishReason.Cancelled, Messages.FinishReason.Cancelled)]
    [InlineData(FinishReason.Deadline, Messages.FinishReason.Deadline)]
    public void An_end_keeps_its_reason_and_what_was_spent(FinishReason reason, Messages.FinishReason expected)
    {
        ReplyFinished finished = EngineMessages.ToFinished(new GenerationDelta
        {
            RequestId = "r",
            Sample = 1,
            Finish = reason,
            MatchedStop = "x",
            Usage = new ReplyUsage
            {
                PromptTokens = 1, CachedPromptTokens = 2, ThinkingTokens = 3, ReplyTokens = 4, ThinkingSteps = 5, ThinkingEnd = ThinkingEnd.Steps,
                DraftedTokens = 8, AcceptedTokens = 9, TimeToFirstToken = TimeSpan.FromSeconds(6), Duration = TimeSpan.FromSeconds(7),
            },
        });

        Assert.Equal((1, expected, "x"), (finished.Sample, finished.Reason, finished.MatchedStop));
        Assert.Equal(
            new Messages.ReplyUsage
            {
                PromptTokens = 1, CachedPromptTokens = 2, ThinkingTokens = 3, ReplyTokens = 4, ThinkingSteps = 5,
                ThinkingEnd = Messages.ThinkingEnd.Steps, DraftedTokens = 8, AcceptedTokens = 9, TimeToFirstToken = TimeSpan.FromSeconds(6), Duration = TimeSpan.FromSeconds(7),
            },
            finished.Usage);
    }

    [Fact]
    public void Every_end_of_the_thinking_has_its_message()
    {
        foreach (ThinkingEnd end in Enum.GetValues<ThinkingEnd>())
        {
            var finished = EngineMessages.ToFinished(new GenerationDelta { RequestId = "r", Usage = new ReplyUsage { ThinkingEnd = end } });
            Assert.Equal(end.ToString(), finished.Usage.ThinkingEnd.ToString());
        }
    }

    [Theory]
    [InlineData("Prompt", "prompt")]
    [InlineData("Sampling.TopP", "sampling.top_p")]
    [InlineData("Sampling.RepetitionPenalty", "sampling.repetition_penalty")]
    [InlineData("Sampling.SampleCount", "sampling.n")]
    [InlineData("Sampling.StopStrings", "sampling.stop")]
    [InlineData("Sampling.StopTokenIds", "sampling.stop_token_ids")]
    [InlineData("Sampling.Logprobs", "output.logprobs")]
    [InlineData("Thinking.MaxSteps", "budget.max_steps")]
    [InlineData("Thinking.MaxTokens", "budget.max_thinking_tokens")]
    public void Fields_have_the_names_of_the_proto(string field, string expected) => Assert.Equal(expected, EngineMessages.ToProtoField(field));
}
