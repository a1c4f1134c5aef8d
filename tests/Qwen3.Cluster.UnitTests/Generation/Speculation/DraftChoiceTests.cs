using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Generation.Speculation;

namespace Qwen3.Cluster.UnitTests.Generation.Speculation;

/// <summary>When drafts run, and how many.</summary>
public class DraftChoiceTests
{
    private const string Refrain = "round and round ";

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Text_that_repeats_itself_takes_fewer_steps()
    {
        EngineRun.ReplyOf reply = Run(Repeating(), step: 10, row: 0, out EngineMetrics metrics);

        Assert.Equal(400, reply.TokenIds.Length);
        Assert.InRange(metrics.Steps, 45, 80);
        Assert.Equal(metrics.AcceptedTokens, reply.Last.Usage!.AcceptedTokens);
        Assert.Equal(400, metrics.Steps + metrics.AcceptedTokens);
    }

    [Fact]
    public void Rows_that_cost_as_much_as_tokens_are_not_drafted()
    {
        Run(Repeating(), step: 0, row: 10, out EngineMetrics metrics);

        // Some at first, to find out, and again after long.
        Assert.InRange(metrics.DraftedTokens, 1, 60);
    }

    [Fact]
    public void Drafts_that_fail_are_not_drafted()
    {
        // Every pair comes again soon, and goes on otherwise three times of four.
        Random random = new(1);
        int[] tokens = [.. Enumerable.Range(0, 420).Select(_ => 'a' + random.Next(4))];
        Run(new ScriptedLanguageModel(position => tokens[position]), step: 10, row: 10, out EngineMetrics metrics);

        Assert.InRange(metrics.DraftedTokens, 1, 50);
    }

    [Theory]
    [InlineData(0, 8, 0)]
    [InlineData(8, 0, 0)]
    [InlineData(0, null, 0)]
    [InlineData(8, 2, 2)]
    [InlineData(2, 8, 8)]
    [InlineData(3, null, 3)]
    public void A_request_says_how_many_or_else_the_engine(int configured, int? asked, int most)
    {
        // Engines without drafts of their own make them where a request asks.
        most = asked ?? configured;
        int mostRows = 0;
        using ScriptedLanguageModel model = Repeating();
        model.BeforeForward = batch => mostRows = Math.Max(mostRows, batch.LogitRows.Length);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxDraftTokens = configured }, _time);

        engine.Answer(Request() with { MaxDraftTokens = asked });

        Assert.Equal(1 + most, mostRows);
    }

    [Fact]
    public void No_draft_is_made_for_tokens_that_there_is_no_room_for()
    {
        using ScriptedLanguageModel model = new(_ => 'a') { MaxPositions = 40 };
        int last = 0;
        model.BeforeForward = batch => last = Math.Max(last, batch.Positions[^1]);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxDraftTokens = 8 }, _time);

        Assert.Equal(30, engine.Answer(Request()).TokenIds.Length);
        Assert.True(last < 39, $"Position {last} ran.");
    }

    [Fact]
    public void The_time_of_a_token_is_that_without_drafts()
    {
        using ScriptedLanguageModel model = Repeating();
        model.BeforeForward = batch => _time.Advance(TimeSpan.FromMilliseconds(10 + batch.RowCount));
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxDraftTokens = 8 }, _time);
        engine.Answer(Request());

        Assert.True(engine.Metrics.AcceptedTokens > 200);
        Assert.InRange(engine.Metrics.Pace.TokenTime.TotalMilliseconds, 10, 12.5);
        Assert.InRange(engine.Metrics.Pace.LongTokenTime.TotalMilliseconds, 17, 20);
    }

    [Theory]
    [InlineData(10, 0, 1, 0)]
    [InlineData(0, 5, 1, 1)]
    [InlineData(6, 2, 1, 0.25)]
    [InlineData(6, 2, 9, 0.75)]
    public void Steps_of_several_sizes_tell_what_a_row_costs(double step, double row, int rows, double share)
    {
        RowCost cost = new();
        Random random = new(1);
        for (int i = 0; i < 60; i++)
        {
            int own = 1 + random.Next(9);
            cost.Add(own, (step + (row * own)) * (0.95 + (0.1 * random.NextDouble())));
        }

        Assert.InRange(cost.Share(rows), share - 0.06, share + 0.06);
    }

    [Fact]
    public void What_repeated_is_found_where_it_stood_last()
    {
        Random random = new(1);
        List<int> tokens = [.. Enumerable.Range(0, 3000).Select(_ => random.Next(12))];
        NgramTable table = new();
        int found = 0;
        for (int count = 1; count <= tokens.Count; count += random.Next(1, 4))
        {
            ReadOnlySpan<int> sequence = tokens.ToArray().AsSpan(0, count);
            int expected = Last(sequence, 3) is var three and >= 0 ? three : Last(sequence, 2);
            int actual = table.Find(sequence);
            Assert.True(actual == expected || actual == -1 || actual == Last(sequence, 2), $"{actual} instead of {expected} behind {count} tokens.");
            found += actual == expected ? 1 : 0;
        }

        // What else was put into the same place in between is not found.
        Assert.InRange(found, 1200, int.MaxValue);

        static int Last(ReadOnlySpan<int> tokens, int length)
        {
            for (int end = tokens.Length - 1; end >= length; end--)
            {
                if (tokens[(end - length)..end].SequenceEqual(tokens[^length..]))
                {
                    return end;
                }
            }

            return -1;
        }
    }

    private EngineRun.ReplyOf Run(ScriptedLanguageModel model, int step, int row, out EngineMetrics metrics)
    {
        model.BeforeForward = batch => _time.Advance(TimeSpan.FromMilliseconds(step + (row * batch.RowCount)));
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxDraftTokens = 8 }, _time);
        EngineRun.ReplyOf reply = engine.Answer(Request());
        metrics = engine.Metrics;
        return reply;
    }

    private static ScriptedLanguageModel Repeating() => new(position => Refrain[position % Refrain.Length]);

    private static GenerationRequest Request() => new()
    {
        Id = "a", Prompt = [.. Enumerable.Range(1, 10)], Sampling = new SamplingParameters { Temperature = 0, MaxTokens = 400 },
    };
}
