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
                MaxSequences = 32,
                Pace = engine.Metrics.Pace,
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

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public void A_request_whose_tokens_fail_ends_alone_and_the_others_keep_theirs(int failingPosition)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 5).Select(i => new GenerationRequest
        {
            Id = $"{i}",
            Prompt = [1, 2, i],
            Sampling = new SamplingParameters { Seed = (ulong)i, MaxTokens = 12, SampleCount = 2 },
            Thinking = new ThinkingLimits { MaxExperts = i == 2 ? 3 : 8 },
        })];
        using FailingLanguageModel model = new(
            new HashLanguageModel(pageSize: 4, pageCount: 100), (experts, position) => experts == 3 && position >= failingPosition);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
        Assert.All(requests, request => Assert.True(engine.TryAdd(request)));

        List<GenerationDelta> deltas = engine.RunToEnd();

        GenerationDelta last = Assert.Single(deltas, delta => delta.Failure is not null);
        Assert.Equal(last, deltas.Last(delta => delta.RequestId == "2"));
        Assert.IsType<InvalidDataException>(last.Failure);
        Assert.Null(last.Finish);
        foreach (GenerationRequest request in requests.Where(request => request.Id != "2"))
        {
            Engine alone = new(new HashLanguageModel(pageSize: 4, pageCount: 100), TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
            Assert.True(alone.TryAdd(request));
            var expected = EngineRun.Collect(alone.RunToEnd());
            var actual = EngineRun.Collect(deltas.Where(delta => delta.RequestId == request.Id));
            Assert.All(expected, reply => Assert.Equal(reply.Value.TokenIds, actual[reply.Key].TokenIds));
        }

        Assert.Equal((0, 0, 100), (engine.Metrics.Running, engine.Metrics.Waiting, engine.Metrics.FreePages));
        Assert.True(engine.TryAdd(requests[2]));
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
