using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class RequestCheckTests
{
    public static TheoryData<string, GenerationRequest> Refused => new()
    {
        { "Prompt", Request() with { Prompt = [] } },
        { "Prompt", Request() with { Prompt = [1, -1] } },
        { "Prompt", Request() with { Prompt = [1, TinyTokenizer.Size] } },
        { "Prompt", Request() with { Prompt = new int[500] } },
        { "Sampling.Temperature", Sampling(s => s with { Temperature = -0.1f }) },
        { "Sampling.Temperature", Sampling(s => s with { Temperature = float.NaN }) },
        { "Sampling.TopP", Sampling(s => s with { TopP = 0 }) },
        { "Sampling.TopK", Sampling(s => s with { TopK = -1 }) },
        { "Sampling.MinP", Sampling(s => s with { MinP = 1.1f }) },
        { "Sampling.PresencePenalty", Sampling(s => s with { PresencePenalty = 3 }) },
        { "Sampling.FrequencyPenalty", Sampling(s => s with { FrequencyPenalty = -3 }) },
        { "Sampling.RepetitionPenalty", Sampling(s => s with { RepetitionPenalty = 1e-40f }) },
        { "Sampling.RepetitionPenalty", Sampling(s => s with { RepetitionPenalty = float.NaN }) },
        { "Sampling.StopStrings", Sampling(s => s with { StopStrings = [""] }) },
        { "Sampling.MaxTokens", Sampling(s => s with { MaxTokens = 0 }) },
        { "Sampling.Logprobs", Sampling(s => s with { Logprobs = 21 }) },
        { "Sampling.SampleCount", Sampling(s => s with { SampleCount = 0 }) },
        { "MaxDraftTokens", Request() with { MaxDraftTokens = 9 } },
        { "MaxDraftTokens", Request() with { MaxDraftTokens = -1 } },
        { "Thinking.MaxSteps", Request() with { Thinking = new ThinkingLimits { MaxSteps = 0 } } },
        { "Thinking.MaxTokens", Request() with { Thinking = new ThinkingLimits { MaxTokens = -1 } } },
        { "Thinking.MaxExperts", Request() with { Thinking = new ThinkingLimits { MaxExperts = 2 } } },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_cannot_be_served_is_refused_by_the_name_of_its_field(string field, GenerationRequest request)
    {
        Engine engine = new(new ScriptedLanguageModel(_ => 'a'), TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);

        RequestRefusedException refusal = Assert.Throws<RequestRefusedException>(() => engine.TryAdd(request));

        Assert.Equal(field, refusal.Field);
        Assert.False(engine.HasWork);
    }

    [Fact]
    public void A_prompt_that_is_too_long_is_told_the_numbers_and_the_longest_that_fits_is_served()
    {
        using ScriptedLanguageModel model = new(_ => 'a') { PageCount = 3 };
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);

        RequestRefusedException refusal = Assert.Throws<RequestRefusedException>(() => engine.TryAdd(Request() with { Prompt = new int[24] }));

        Assert.Contains("24", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("23", refusal.Message, StringComparison.Ordinal);
        Assert.Single(engine.Answer(Request() with { Prompt = new int[23] }).TokenIds);
    }

    private static GenerationRequest Request() => new()
    {
        Id = "r", Prompt = [1, 2, 3], Sampling = new SamplingParameters { Temperature = 0, MaxTokens = 3 },
    };

    private static GenerationRequest Sampling(Func<SamplingParameters, SamplingParameters> change) =>
        Request() with { Sampling = change(Request().Sampling) };
}
