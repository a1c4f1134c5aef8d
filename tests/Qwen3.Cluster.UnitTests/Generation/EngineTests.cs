using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class EngineTests
{
    [Fact]
    public void Times_are_measured_from_the_arrival()
    {
        FakeTimeProvider time = new();
        using HashLanguageModel model = new(pageSize: 4, pageCount: 100) { BeforeForward = batch => time.Advance(TimeSpan.FromMilliseconds(10 * batch.RowCount)) };
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxBatchTokens = 50 }, time);
        Assert.True(engine.TryAdd(new GenerationRequest { Id = "a", Prompt = new int[60], Sampling = new SamplingParameters { Temperature = 0, MaxTokens = 4 } }));
        time.Advance(TimeSpan.FromSeconds(1));

        ReplyUsage usage = EngineRun.Collect(engine.RunToEnd()).Values.Single().Last.Usage!;

        Assert.Equal(TimeSpan.FromMilliseconds(1600), usage.TimeToFirstToken);
        Assert.Equal(TimeSpan.FromMilliseconds(1630), usage.Duration);
        Assert.Equal(
            new EngineMetrics
            {
                TotalPages = 100,
                FreePages = 100,
                Steps = 5,
                ComputedTokens = 63,
                ReplyTokens = 4,
                DecodeStepTime = TimeSpan.FromMilliseconds(10),
                DecodeTokensPerSecond = 100,
                PrefillTokensPerSecond = 100,
            },
            engine.Metrics);
    }

    [Fact]
    public void An_id_is_in_the_engine_once()
    {
        Engine engine = new(new ScriptedLanguageModel(_ => 'a'), TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
        Assert.True(engine.TryAdd(Request()));

        Assert.Equal("Id", Assert.Throws<RequestRefusedException>(() => engine.TryAdd(Request())).Field);

        engine.RunToEnd();
        Assert.True(engine.TryAdd(Request()));
    }

    [Fact]
    public void A_tokenizer_with_more_ids_than_the_model_is_refused()
    {
        using HashLanguageModel model = new(pageSize: 4, pageCount: 10) { VocabularySize = TinyTokenizer.Size - 1 };

        Assert.Throws<ArgumentException>(() => new Engine(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System));
    }

    private static GenerationRequest Request() => new()
    {
        Id = "r", Prompt = [1, 2, 3], Sampling = new SamplingParameters { Temperature = 0, MaxTokens = 3 },
    };
}
