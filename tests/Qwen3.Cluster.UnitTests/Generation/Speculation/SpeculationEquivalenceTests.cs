using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Generation.Speculation;

/// <summary>Replies with drafts are those without, in all that a client sees of them.</summary>
public class SpeculationEquivalenceTests
{
    /// <summary>Rows a step, sequences, pages, reuse of prefixes, chance that a draft is wrong.</summary>
    public static TheoryData<int, int, int, bool, double> Shapes => new()
    {
        { 512, 64, 4000, true, 0.2 },
        { 512, 64, 4000, false, 0 },
        { 16, 8, 4000, true, 0.1 },
        { 16, 8, 40, true, 0.3 },
        { 40, 40, 60, false, 0.2 },
        { 2, 1, 24, true, 0.1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Drafts_right_and_wrong_change_nothing(int maxBatchTokens, int maxSequences, int pageCount, bool reuse, double wrong)
    {
        EngineOptions options = new() { MaxBatchTokens = maxBatchTokens, MaxSequences = maxSequences, ReusePrefixes = reuse, MaxWaiting = 100, MaxDraftTokens = 8 };
        long preemptions = 0;
        for (int seed = 1; seed <= 3; seed++)
        {
            List<GenerationRequest> requests = Requests(seed);
            Dictionary<(string Id, int Sample), EngineRun.ReplyOf> expected = WithoutDrafts(requests);
            using HashLanguageModel model = EngineEquivalenceTests.Model(pageCount);
            Engine engine = EngineOf(model, options, expected, wrong);
            Random random = new(seed);
            List<GenerationDelta> deltas = [];
            foreach (GenerationRequest request in requests)
            {
                Assert.True(engine.TryAdd(request));
                for (int steps = random.Next(10); steps > 0; steps--)
                {
                    deltas.AddRange(engine.Step());
                }
            }

            deltas.AddRange(engine.RunToEnd());
            AssertEqual(expected, EngineRun.Collect(deltas));
            EngineMetrics metrics = engine.Metrics;
            Assert.Equal(pageCount, metrics.FreePages);
            Assert.True(metrics.AcceptedTokens > 10, "Hardly a draft came true.");
            Assert.True(metrics.DraftedTokens > metrics.AcceptedTokens, "No draft was wrong.");
            GenerationDelta[] ends = [.. deltas.Where(delta => delta.Finish is not null)];
            Assert.Equal(metrics.DraftedTokens, ends.Sum(end => end.Usage!.DraftedTokens));
            Assert.Equal(metrics.AcceptedTokens, ends.Sum(end => end.Usage!.AcceptedTokens));
            preemptions += metrics.Preemptions;
        }

        Assert.Equal(pageCount is 40 or 60, preemptions > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Requests_go_on_in_another_engine_wherever_drafts_stood(int seed)
    {
        Random random = new(seed);
        List<GenerationRequest> requests = Requests(seed);
        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> expected = WithoutDrafts(requests);
        Dictionary<(string Id, int Sample), List<GenerationDelta>> given = expected.Keys.ToDictionary(key => key, _ => new List<GenerationDelta>());
        int moves = 0;
        while (given.Values.Any(IsOpen))
        {
            using HashLanguageModel model = EngineEquivalenceTests.Model(4000);
            Engine engine = EngineOf(model, new EngineOptions { MaxSequences = 64, MaxWaiting = 100, MaxDraftTokens = 8 }, expected, wrong: 0.2);
            foreach (GenerationRequest request in requests)
            {
                int[]?[] written = [.. Enumerable.Range(0, request.Sampling.SampleCount).Select(sample => given[(request.Id, sample)])
                    .Select(deltas => IsOpen(deltas) ? deltas.SelectMany(delta => delta.TokenIds).ToArray() : null)];
                if (written.Any(tokens => tokens is not null))
                {
                    Assert.True(engine.TryAdd(request with { Written = moves == 0 ? null : written }));
                }
            }

            // Of the last step's deltas only some arrive: a step with drafts is cut off in the middle too.
            moves++;
            for (int steps = random.Next(1, 8); steps > 0; steps--)
            {
                IReadOnlyList<GenerationDelta> deltas = engine.Step();
                foreach (GenerationDelta delta in steps == 1 ? deltas.Take(random.Next(deltas.Count + 1)) : deltas)
                {
                    given[(delta.RequestId, delta.Sample)].Add(delta);
                }
            }
        }

        Assert.True(moves > 2);
        AssertEqual(expected, EngineRun.Collect(given.Values.SelectMany(deltas => deltas)), withLogprobs: false);

        static bool IsOpen(List<GenerationDelta> deltas) => deltas.LastOrDefault()?.Finish is null;
    }

    [Fact]
    public void A_step_with_drafts_that_failed_runs_again()
    {
        List<GenerationRequest> requests = Requests(seed: 4);
        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> expected = WithoutDrafts(requests);
        using HashLanguageModel model = EngineEquivalenceTests.Model(4000);
        Engine engine = EngineOf(model, new EngineOptions { MaxSequences = 64, MaxWaiting = 100, MaxDraftTokens = 8 }, expected, wrong: 0.2);
        Assert.All(requests, request => Assert.True(engine.TryAdd(request)));
        int calls = 0;
        model.BeforeForward = _ =>
        {
            if (calls++ % 2 == 0)
            {
                throw new IOException("A shard has gone.");
            }
        };
        List<GenerationDelta> deltas = [];
        while (engine.HasWork)
        {
            try
            {
                deltas.AddRange(engine.Step());
            }
            catch (IOException)
            {
            }
        }

        AssertEqual(expected, EngineRun.Collect(deltas));
        Assert.True(engine.Metrics.AcceptedTokens > 10);
        Assert.Equal(4000, engine.Metrics.FreePages);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.4f)]
    public void A_whole_model_gives_the_same_bits_with_drafts_from_its_text(float temperature)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 4).Select(i => new GenerationRequest
        {
            Id = $"{i}",
            Prompt = [.. Enumerable.Repeat(Enumerable.Range(40 + (10 * i), 3 + i), 12 / (i + 1)).SelectMany(tokens => tokens)],
            Sampling = new SamplingParameters { Temperature = temperature, TopK = 20, Seed = (ulong)i, MaxTokens = 120, Logprobs = 3, SampleCount = 1 + (i % 2) },
        })];
        (Dictionary<(string Id, int Sample), EngineRun.ReplyOf> without, EngineMetrics plain) = Run(maxDraftTokens: 0);
        (Dictionary<(string Id, int Sample), EngineRun.ReplyOf> with, EngineMetrics drafted) = Run(maxDraftTokens: 8);

        AssertEqual(without, with);
        Assert.Equal(0, plain.DraftedTokens);
        Assert.True(drafted.AcceptedTokens > 10, $"{drafted.AcceptedTokens} of {drafted.DraftedTokens} drafts came true.");
        Assert.True(drafted.Steps < plain.Steps);

        (Dictionary<(string Id, int Sample), EngineRun.ReplyOf>, EngineMetrics) Run(int maxDraftTokens)
        {
            using TestModel model = new(TinyChatModel.Moe.Value, new SimdBackend(), new CacheOptions(4, 256));
            Engine engine = new(
                model.Model, Qwen3Tokenizer.Load(TinyChatModel.Moe.Value), new EngineOptions { MaxDraftTokens = maxDraftTokens }, new FakeTimeProvider());
            Assert.All(requests, request => Assert.True(engine.TryAdd(request)));
            return (EngineRun.Collect(engine.RunToEnd()), engine.Metrics);
        }
    }

    // The clock stands still, so rows cost nothing and every draft runs.
    private static Engine EngineOf(
        HashLanguageModel model, EngineOptions options, Dictionary<(string Id, int Sample), EngineRun.ReplyOf> replies, double wrong) =>
        new(model, TinyTokenizer.Thinking, options, new FakeTimeProvider(), new KnowingDrafter(replies, wrong));

    /// <summary>Those of the engine, some with log-probabilities and with stop texts that come up.</summary>
    private static List<GenerationRequest> Requests(int seed) => [.. EngineEquivalenceTests.Requests(seed).Select((request, index) => request with
    {
        Sampling = request.Sampling with
        {
            Logprobs = index % 3 == 0 ? 2 : null,
            StopStrings = index % 4 == 1 ? ["a", "\n\n", "Q!"] : [],
            StopTokenIds = index % 5 == 2 ? [.. Enumerable.Range(60, 12)] : [],
            MaxTokens = request.Sampling.MaxTokens + 15,
        },
    })];

    private static Dictionary<(string Id, int Sample), EngineRun.ReplyOf> WithoutDrafts(List<GenerationRequest> requests)
    {
        using HashLanguageModel model = EngineEquivalenceTests.Model(4000);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxSequences = 64, MaxWaiting = 100 }, TimeProvider.System);
        Assert.All(requests, request => Assert.True(engine.TryAdd(request)));
        return EngineRun.Collect(engine.RunToEnd());
    }

    private static void AssertEqual(
        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> expected, Dictionary<(string Id, int Sample), EngineRun.ReplyOf> actual, bool withLogprobs = true)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach (((string Id, int Sample) key, EngineRun.ReplyOf reply) in expected)
        {
            EngineRun.ReplyOf other = actual[key];
            Assert.Equal(reply.TokenIds, other.TokenIds);
            Assert.Equal((reply.Thinking, reply.Answer), (other.Thinking, other.Answer));
            Assert.Equal((reply.Last.Finish, reply.Last.MatchedStop), (other.Last.Finish, other.Last.MatchedStop));
            Assert.Equal(
                (reply.Last.Usage!.ThinkingTokens, reply.Last.Usage.ThinkingSteps, reply.Last.Usage.ThinkingEnd),
                (other.Last.Usage!.ThinkingTokens, other.Last.Usage.ThinkingSteps, other.Last.Usage.ThinkingEnd));
            if (withLogprobs)
            {
                Assert.Equal(Flat(reply), Flat(other));
            }
        }

        static IEnumerable<(int, float)> Flat(EngineRun.ReplyOf reply) =>
            reply.Logprobs.SelectMany(logprob => logprob.Top.Append(logprob)).Select(logprob => (logprob.TokenId, logprob.Logprob));
    }
}
