using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation.Speculation;

/// <summary>Drafts of a small model.</summary>
public class ModelDrafterTests
{
    [Theory]
    [InlineData(0f)]
    [InlineData(0.7f)]
    public void A_model_that_drafts_for_itself_changes_nothing_and_is_right_where_nothing_is_drawn(float temperature)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 2).Select(i => Request($"{i}", 5 + (40 * i), temperature))];
        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> expected = Run(requests, drafter: null, out EngineMetrics without);

        // The pages of the one are not those of the other.
        using HashLanguageModel drafter = new(pageSize: 8, pageCount: 1000);
        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> actual = Run(requests, drafter, out EngineMetrics with);

        Assert.All(expected, reply => Assert.Equal(reply.Value.TokenIds, actual[reply.Key].TokenIds));
        if (temperature == 0)
        {
            Assert.True(with.Steps < without.Steps * 3 / 4, $"{with.Steps} steps instead of {without.Steps}.");

            // What it forgot or read wrongly would make drafts fail.
            Assert.Equal(with.DraftedTokens, with.AcceptedTokens + DraftsBehindTheEnd(actual, with));
        }
    }

    [Fact]
    public void Its_pages_come_back_and_who_has_none_goes_without()
    {
        // Room for one of the two at a time.
        using HashLanguageModel drafter = new(pageSize: 4, pageCount: 20);
        using HashLanguageModel model = new(pageSize: 4, pageCount: 400);
        Engine engine = new(model, TinyTokenizer.Thinking, Options, new FakeTimeProvider(), drafter);
        for (int round = 0; round < 6; round++)
        {
            long before = engine.Metrics.AcceptedTokens;
            Assert.True(engine.TryAdd(Request($"{round}", 30, 0)));
            Assert.True(engine.TryAdd(Request($"{round} too", 31, 0)));
            engine.Step();
            engine.Step();
            if (round % 2 == 0)
            {
                engine.Cancel($"{round}");
            }

            engine.RunToEnd();
            Assert.True(engine.Metrics.AcceptedTokens > before + 10, $"Hardly a draft came true in round {round}.");
        }
    }

    [Fact]
    public void A_long_prompt_is_read_over_several_steps()
    {
        using HashLanguageModel drafter = new(pageSize: 8, pageCount: 1000);
        int mostRows = 0;
        drafter.BeforeForward = batch => mostRows = Math.Max(mostRows, batch.RowCount);
        Run([Request("a", 300, 0)], drafter, out EngineMetrics metrics);

        Assert.Equal(256, mostRows);
        Assert.True(metrics.AcceptedTokens > 10);
    }

    [Fact]
    public void A_drafter_with_fewer_positions_stops_there()
    {
        using HashLanguageModel drafter = new(pageSize: 8, pageCount: 1000, maxPositions: 50);
        int last = 0;
        drafter.BeforeForward = batch => last = Math.Max(last, batch.Positions[^1]);
        Run([Request("a", 20, 0)], drafter, out EngineMetrics metrics);

        Assert.InRange(last, 45, 49);
        Assert.True(metrics.AcceptedTokens > 10);
    }

    private static EngineOptions Options => new() { MaxDraftTokens = 5, MaxBatchTokens = 1000, ReusePrefixes = false };

    // Drafts that would have been right, had the reply not ended before them.
    private static long DraftsBehindTheEnd(Dictionary<(string Id, int Sample), EngineRun.ReplyOf> replies, EngineMetrics metrics)
    {
        long behind = metrics.DraftedTokens - metrics.AcceptedTokens;
        Assert.InRange(behind, 0, 5 * replies.Count(reply => reply.Value.Last.Finish == FinishReason.Stop));
        return behind;
    }

    private static Dictionary<(string Id, int Sample), EngineRun.ReplyOf> Run(GenerationRequest[] requests, HashLanguageModel? drafter, out EngineMetrics metrics)
    {
        using HashLanguageModel model = new(pageSize: 4, pageCount: 2000);
        Engine engine = new(model, TinyTokenizer.Thinking, Options, new FakeTimeProvider(), drafter);
        Assert.All(requests, request => Assert.True(engine.TryAdd(request)));
        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> replies = EngineRun.Collect(engine.RunToEnd());
        metrics = engine.Metrics;
        return replies;
    }

    private static GenerationRequest Request(string id, int promptLength, float temperature) => new()
    {
        Id = id,
        Prompt = [.. Enumerable.Range(1, promptLength).Select(token => token % 200)],
        Sampling = new SamplingParameters { Temperature = temperature, Seed = 5, MaxTokens = 45 },
    };
}
