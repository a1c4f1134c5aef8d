using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>Who gets rows in a step, and when.</summary>
public class SchedulerTests
{
    [Fact]
    public void Replies_go_on_while_a_long_prompt_is_read_in_chunks()
    {
        using HashLanguageModel model = new(pageSize: 4, pageCount: 200);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxBatchTokens = 10, MaxSequences = 4 }, TimeProvider.System);
        List<(int Rows, int LogitRows)> steps = [];
        model.BeforeForward = batch => steps.Add((batch.RowCount, batch.LogitRows.Length));
        Assert.True(engine.TryAdd(Request("a", 2, 40)));
        Assert.True(engine.TryAdd(Request("b", 2, 40)));
        engine.Step();
        Assert.True(engine.TryAdd(Request("long", 100, 2)));
        steps.Clear();

        List<GenerationDelta> deltas = [];
        while (deltas.All(delta => delta.RequestId != "long"))
        {
            IReadOnlyList<GenerationDelta> step = engine.Step();
            Assert.Equal(["a", "b"], step.Select(delta => delta.RequestId).Where(id => id != "long"));
            deltas.AddRange(step);
        }

        // 8 of the 10 rows are the long prompt's: 12 whole chunks, and 4 tokens.
        Assert.Equal(13, steps.Count);
        Assert.All(steps.SkipLast(1), step => Assert.Equal((10, 2), step));
        Assert.Equal((6, 3), steps[^1]);
    }

    [Fact]
    public void First_come_first_served()
    {
        using HashLanguageModel model = new(pageSize: 4, pageCount: 40);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxBatchTokens = 16, MaxSequences = 3 }, TimeProvider.System);
        string[] names = [.. Enumerable.Range(0, 12).Select(index => $"{index}")];
        // A large one in the middle is not overtaken by the small ones behind it.
        Assert.All(names, name => Assert.True(engine.TryAdd(Request(name, name == "5" ? 120 : 7, 5))));

        IEnumerable<string> order = engine.RunToEnd().Select(delta => delta.RequestId).Distinct();

        Assert.Equal(names, order);
    }

    [Fact]
    public void The_words_that_close_the_thinking_run_as_one_chunk()
    {
        using HashLanguageModel model = new(pageSize: 4, pageCount: 200);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
        List<int> rows = [];
        model.BeforeForward = batch => rows.Add(batch.RowCount);

        engine.Answer(Request("a", 5, 200) with { StartsInThinking = true, Thinking = new ThinkingLimits { MaxTokens = 0 } });

        Assert.Equal(5, rows[0]);
        Assert.Equal(ThinkingTags.Of(TinyTokenizer.Thinking)!.Close.Length, rows[1]);
        Assert.All(rows.Skip(2), count => Assert.Equal(1, count));
    }

    [Fact]
    public void Cancelling_frees_pages_and_place_at_once()
    {
        using HashLanguageModel model = new(pageSize: 4, pageCount: 20);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxSequences = 2, ReusePrefixes = false }, TimeProvider.System);
        Assert.True(engine.TryAdd(Request("running", 70, 9, samples: 3)));
        Assert.True(engine.TryAdd(Request("waiting", 70, 9)));
        engine.Step();
        Assert.Equal(2, engine.Metrics.FreePages);

        engine.Cancel("running");
        engine.Cancel("waiting");
        engine.Cancel("unknown");

        Assert.Equal((20, 0, 0), (engine.Metrics.FreePages, engine.Metrics.Running, engine.Metrics.Waiting));
        Assert.True(engine.HasWork);
        IReadOnlyList<GenerationDelta> last = engine.Step();
        Assert.Equal(
            [("running", 0), ("running", 1), ("running", 2), ("waiting", 0)],
            last.Select(delta => (delta.RequestId, delta.Sample)));
        Assert.All(last, delta => Assert.Equal(FinishReason.Cancelled, delta.Finish));
        Assert.False(engine.HasWork);
        Assert.Empty(engine.Step());
    }

    [Fact]
    public void A_full_queue_takes_no_more_until_one_has_started()
    {
        using HashLanguageModel model = new(pageSize: 4, pageCount: 100);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxSequences = 1, MaxBatchTokens = 8, MaxWaiting = 2 }, TimeProvider.System);
        Assert.True(engine.TryAdd(Request("a", 3, 2)));
        Assert.True(engine.TryAdd(Request("b", 3, 2)));
        Assert.False(engine.TryAdd(Request("c", 3, 2)));
        List<GenerationDelta> deltas = [.. engine.Step()];
        Assert.True(engine.TryAdd(Request("c", 3, 2)));
        Assert.False(engine.TryAdd(Request("d", 3, 2)));

        deltas.AddRange(engine.RunToEnd());
        Assert.Equal(["a", "b", "c"], EngineRun.Collect(deltas).Keys.Select(key => key.Id));
    }

    [Fact]
    public void Options_that_would_starve_a_sequence_are_refused()
    {
        using HashLanguageModel model = new(pageSize: 4, pageCount: 100);
        EngineOptions options = new() { MaxSequences = 9, MaxBatchTokens = 8 };

        Assert.Throws<ArgumentOutOfRangeException>(() => new Engine(model, TinyTokenizer.Thinking, options, TimeProvider.System));
    }

    private static GenerationRequest Request(string id, int promptLength, int maxTokens, int samples = 1) => new()
    {
        Id = id,
        Prompt = [.. Enumerable.Range(0, promptLength).Select(index => (index + id.Length + id[0]) % 256)],
        Sampling = new SamplingParameters { Temperature = 0, MaxTokens = maxTokens, SampleCount = samples },
    };
}
