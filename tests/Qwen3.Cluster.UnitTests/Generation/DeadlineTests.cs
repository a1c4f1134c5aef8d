using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Silo.Requests;
using FinishReason = Qwen3.Cluster.Model.Generation.FinishReason;
using ReplyUsage = Qwen3.Cluster.Contracts.Messages.ReplyUsage;
using ThinkingEnd = Qwen3.Cluster.Model.Generation.ThinkingEnd;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>Replies end in time, with an answer where there is time for one, and nothing of the rest changes.</summary>
public class DeadlineTests
{
    private static readonly TimeSpan StepTime = TimeSpan.FromMilliseconds(10);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_reply_ends_by_its_deadline_with_what_it_has()
    {
        using ScriptedLanguageModel model = Scripted("Hello, STOR, and so on without end, aSTO");
        Engine engine = Engine(model);

        EngineRun.ReplyOf reply = engine.Answer(Request("a", 0.405) with
        {
            Sampling = new SamplingParameters { Temperature = 0, StopStrings = ["STOP"] },
        });

        // 40 steps of 10 ms each; what was held back for a stop text is not lost.
        Assert.Equal((FinishReason.Deadline, "Hello, STOR, and so on without end, aSTO"), (reply.Last.Finish, reply.Answer));
        Assert.Equal(TimeSpan.FromMilliseconds(400), reply.Last.Usage!.Duration);
        Assert.False(engine.HasWork);
        Assert.Equal(model.PageCount, engine.Metrics.FreePages);
    }

    [Fact]
    public void Whoever_waits_in_vain_ends_in_time_too()
    {
        using ScriptedLanguageModel model = Scripted("abc");
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxSequences = 1 }, _time);
        Assert.True(engine.TryAdd(Request("long", null) with { Sampling = new SamplingParameters { Temperature = 0, MaxTokens = 60 } }));
        List<GenerationDelta> deltas = [.. engine.Step()];
        Assert.True(engine.TryAdd(Request("late", 0.2) with { Sampling = new SamplingParameters { Temperature = 0, SampleCount = 2 } }));
        long deadline = In(0.2);

        while (deltas.All(delta => delta.RequestId != "late"))
        {
            deltas.AddRange(engine.Step());
        }

        Assert.InRange(_time.GetElapsedTime(_time.GetTimestamp(), deadline), TimeSpan.Zero, StepTime);
        GenerationDelta[] ends = [.. deltas.Where(delta => delta.RequestId == "late")];
        Assert.Equal([0, 1], ends.Select(end => end.Sample));
        Assert.All(ends, end => Assert.Equal((FinishReason.Deadline, 0, ""), (end.Finish, end.TokenIds.Count, end.Text)));
        Assert.Equal(60, EngineRun.Collect([.. deltas, .. engine.RunToEnd()])[("long", 0)].TokenIds.Length);
    }

    [Fact]
    public void Thinking_is_closed_while_there_is_time_for_the_answer()
    {
        // The model thinks without end; after the tag it answers with 20 tokens.
        int? tagAt = null;
        using ScriptedLanguageModel model = new(position =>
            tagAt is null ? 'x' : position < tagAt + 22 ? 'a' : TinyTokenizer.ImEnd) { MaxPositions = 10_000, PageCount = 2000 };
        model.BeforeForward = batch =>
        {
            _time.Advance(StepTime);
            int tag = batch.TokenIds.IndexOf(TinyTokenizer.ThinkEnd);
            tagAt = tag >= 0 ? batch.Positions[tag] : tagAt;
        };
        Engine engine = Engine(model);
        foreach (int i in Enumerable.Range(0, 5))
        {
            // What answers are like is learnt from those that are whole.
            tagAt = null;
            Assert.Equal(FinishReason.Stop, engine.Answer(Thinking($"{i}", null, maxTokens: 10)).Last.Finish);
        }

        tagAt = null;
        long started = _time.GetTimestamp();
        EngineRun.ReplyOf reply = engine.Answer(Thinking("a", 2, maxTokens: null));

        Assert.Equal((FinishReason.Stop, ThinkingEnd.Time), (reply.Last.Finish, reply.Last.Usage!.ThinkingEnd));
        Assert.Equal(new string('a', 21), reply.Answer.Trim('\n'));
        Assert.InRange(_time.GetElapsedTime(started), TimeSpan.FromSeconds(1.85), TimeSpan.FromSeconds(2));
        Assert.Equal(reply.Last.Usage.ThinkingTokens, reply.TokenIds.Count(token => token == 'x') - ThinkingTags.Of(TinyTokenizer.Thinking)!.Close.Count(token => token == 'x'));

        // With hardly any time there is no thinking, and still an answer.
        tagAt = null;
        EngineRun.ReplyOf hurried = engine.Answer(Thinking("b", 0.5, maxTokens: null));
        Assert.Equal((FinishReason.Stop, ThinkingEnd.Time), (hurried.Last.Finish, hurried.Last.Usage!.ThinkingEnd));
    }

    [Fact]
    public void An_answer_after_a_forced_close_has_a_limit_of_its_own()
    {
        using ScriptedLanguageModel model = new(_ => 'x') { MaxPositions = 10_000, PageCount = 2000 };
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxForcedAnswerTokens = 7 }, _time);

        EngineRun.ReplyOf reply = engine.Answer(Thinking("a", null, maxTokens: 3));
        Assert.Equal((FinishReason.Length, "xxxxxxx"), (reply.Last.Finish, reply.Answer));

        GenerationRequest own = Thinking("b", null, maxTokens: 3);
        EngineRun.ReplyOf longer = engine.Answer(own with { Sampling = own.Sampling with { MaxTokens = 300 } });
        Assert.Equal(300, longer.TokenIds.Length);
    }

    [Fact]
    public void The_least_slack_comes_first_and_nobody_waits_for_ever()
    {
        using ScriptedLanguageModel model = Scripted("ab<|im_end|>");
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxSequences = 1 }, _time);
        Assert.True(engine.TryAdd(Request("first", null)));
        engine.Step();
        Assert.True(engine.TryAdd(Request("patient", null)));
        Assert.True(engine.TryAdd(Request("hour", 3600)));
        Assert.True(engine.TryAdd(Request("20", 20)));
        Assert.True(engine.TryAdd(Request("10", 10)));
        Assert.Equal(4, engine.Metrics.LatestStarts.Count);
        Assert.Equal(engine.Metrics.LatestStarts.Order(), engine.Metrics.LatestStarts);
        Assert.Equal(["first", "10", "20", "patient", "hour"], engine.RunToEnd().Select(delta => delta.RequestId).Distinct());

        Assert.True(engine.TryAdd(Request("first again", null)));
        engine.Step();
        Assert.True(engine.TryAdd(Request("patient again", null)));
        _time.Advance(TimeSpan.FromSeconds(28));
        Assert.True(engine.TryAdd(Request("5", 5)));
        Assert.Equal(["first again", "patient again", "5"], engine.RunToEnd().Select(delta => delta.RequestId).Distinct());
    }

    [Fact]
    public void Who_came_too_late_for_a_whole_reply_lets_those_pass_who_did_not()
    {
        // Thinks until it is closed, then answers with three tokens.
        int? tagAt = null;
        using ScriptedLanguageModel model = new(position =>
            tagAt is null ? 'x' : position < tagAt + 5 ? 'a' : TinyTokenizer.ImEnd) { MaxPositions = 10_000, PageCount = 2000 };
        model.BeforeForward = batch =>
        {
            _time.Advance(StepTime);
            int tag = batch.TokenIds.IndexOf(TinyTokenizer.ThinkEnd);
            tagAt = batch.Positions[0] == 0 ? null : tag >= 0 ? batch.Positions[tag] : tagAt;
        };
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxSequences = 1, ReusePrefixes = false }, _time);
        foreach (int i in Enumerable.Range(0, 5))
        {
            Assert.Equal(FinishReason.Stop, engine.Answer(Thinking($"{i}", null, maxTokens: 40)).Last.Finish);
        }

        // Each takes nearly half a second, and a whole reply is reckoned to take two: the close is many tokens, and one step.
        Assert.True(engine.TryAdd(Thinking("runs", null, maxTokens: 40)));
        List<GenerationDelta> deltas = [.. engine.Step()];
        double whole = engine.Metrics.Pace.UsualReplyTime(ScriptedLanguageModel.PromptLength, 1000).TotalSeconds;
        foreach ((string id, double slack) in (ReadOnlySpan<(string, double)>)[("late", 0.2), ("second", 0.5), ("third", 1), ("fourth", 1.5)])
        {
            Assert.True(engine.TryAdd(Thinking(id, whole + slack, maxTokens: 40)));
        }

        deltas.AddRange(engine.RunToEnd());
        Assert.Equal(["runs", "second", "third", "fourth", "late"], deltas.Select(delta => delta.RequestId).Distinct());
        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> replies = EngineRun.Collect(deltas);
        Assert.Equal((FinishReason.Stop, ThinkingEnd.Time), (replies[("late", 0)].Last.Finish, replies[("late", 0)].Last.Usage!.ThinkingEnd));
        Assert.All(replies.Where(reply => reply.Key.Id != "late"), reply => Assert.Equal(ThinkingEnd.Tokens, reply.Value.Last.Usage!.ThinkingEnd));
    }

    /// <summary>Steps of random length, moves from engine to engine, random limits and times: in time, exact, and the same tokens as without a deadline.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_requests_end_in_time_with_the_beginning_of_what_they_would_have_said(int seed)
    {
        Random random = new(seed);
        int[] close = ThinkingTags.Of(TinyTokenizer.Thinking)!.Close;
        HashSet<(FinishReason?, ThinkingEnd)> kinds = [];
        for (int round = 0; round < 12; round++)
        {
            GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(i => RandomRequest($"{i}", random))];
            long[] deadlines = [.. requests.Select(_ => In(random.Next(20, 1500) / 1000.0))];
            List<(GenerationDelta Delta, long At)> given = [];
            int engines = 0;
            while (true)
            {
                using HashLanguageModel model = Model();
                model.BeforeForward = _ => _time.Advance(TimeSpan.FromMilliseconds(random.Next(5, 15)));
                Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxBatchTokens = 24, MaxSequences = random.Next(2, 24) }, _time);
                foreach ((int i, GenerationRequest request) in requests.Index())
                {
                    List<GenerationDelta>[] own = [.. Enumerable.Range(0, request.Sampling.SampleCount).Select(sample => Of(given, request.Id, sample))];
                    if (own.Any(deltas => deltas.LastOrDefault()?.Finish is null))
                    {
                        Assert.True(engine.TryAdd(engines == 0 ? request with { Deadline = deadlines[i] } : request with
                        {
                            Deadline = deadlines[i],
                            Written = [.. own.Select(deltas => deltas.LastOrDefault()?.Finish is null ? deltas.SelectMany(delta => delta.TokenIds).ToArray() : null)],
                            ClosedByTimeAt = [.. own.Select(PlaceOfClose)],
                        }));
                    }
                }

                if (!engine.HasWork)
                {
                    break;
                }

                engines++;
                for (int steps = random.Next(1, 30); steps > 0; steps--)
                {
                    // The last step's deltas may be cut off anywhere.
                    IReadOnlyList<GenerationDelta> deltas = engine.Step();
                    long now = _time.GetTimestamp();
                    given.AddRange((steps == 1 && random.Next(2) == 0 ? deltas.Take(random.Next(deltas.Count + 1)) : deltas).Select(delta => (delta, now)));
                }
            }

            foreach ((int i, GenerationRequest request) in requests.Index())
            {
                Assert.All(given.Where(entry => entry.Delta.RequestId == request.Id), entry =>
                    Assert.True(_time.GetElapsedTime(deadlines[i], entry.At) <= TimeSpan.FromMilliseconds(30)));
                for (int sample = 0; sample < request.Sampling.SampleCount; sample++)
                {
                    List<GenerationDelta> deltas = Of(given, request.Id, sample);
                    EngineRun.ReplyOf reply = EngineRun.Collect(deltas)[(request.Id, sample)];
                    kinds.Add((reply.Last.Finish, reply.Last.Usage!.ThinkingEnd));
                    CheckUsage(deltas, reply.Last.Usage);

                    // Up to the close by time, or the end, it is what it would have been; the close is whole, or cut off by the end.
                    int[] expected = Unhurried(request, sample);
                    int? closedAt = PlaceOfClose(deltas);
                    int same = closedAt ?? reply.TokenIds.Length;
                    Assert.Equal(expected[..same], reply.TokenIds[..same]);
                    if (closedAt is { } place)
                    {
                        int put = Math.Min(close.Length, reply.TokenIds.Length - place);
                        Assert.Equal(close[..put], reply.TokenIds[place..(place + put)]);
                        Assert.True(put == close.Length || reply.Last.Finish == FinishReason.Length);
                    }

                    Assert.True(reply.TokenIds.Count(token => token == TinyTokenizer.ThinkEnd) <= 1);
                    Assert.True(reply.Last.Usage.ThinkingTokens <= (request.Thinking.MaxTokens ?? int.MaxValue));
                    Assert.True(reply.Last.Usage.ThinkingSteps <= (request.Thinking.MaxSteps ?? int.MaxValue));
                    Assert.True(reply.TokenIds.Length <= request.Sampling.MaxTokens);
                    Assert.True(
                        reply.Last.Finish == FinishReason.Length
                        || deltas.Any(delta => delta.ClosedBy != ThinkingEnd.None) == (reply.Last.Usage.ThinkingEnd is not (ThinkingEnd.None or ThinkingEnd.Model)));
                }
            }
        }

        Assert.Contains((FinishReason.Deadline, ThinkingEnd.Time), kinds);
        Assert.Contains(kinds, kind => kind.Item2 is ThinkingEnd.Steps or ThinkingEnd.Tokens);
    }

    private long In(double seconds) => _time.GetTimestamp() + (long)(seconds * _time.TimestampFrequency);

    private ScriptedLanguageModel Scripted(string reply)
    {
        ScriptedLanguageModel model = ScriptedLanguageModel.Replying(reply);
        model.BeforeForward = _ => _time.Advance(StepTime);
        return model;
    }

    private Engine Engine(ScriptedLanguageModel model) => new(model, TinyTokenizer.Thinking, new EngineOptions(), _time);

    private GenerationRequest Request(string id, double? seconds) => new()
    {
        Id = id,
        Prompt = new int[ScriptedLanguageModel.PromptLength],
        Sampling = new SamplingParameters { Temperature = 0 },
        Deadline = seconds is { } left ? In(left) : null,
    };

    private GenerationRequest Thinking(string id, double? seconds, int? maxTokens) =>
        Request(id, seconds) with { StartsInThinking = true, Thinking = new ThinkingLimits { MaxTokens = maxTokens } };

    private static HashLanguageModel Model() => new(pageSize: 4, pageCount: 4000)
    {
        Bias = token => token switch
        {
            TinyTokenizer.BlankLine or TinyTokenizer.PointBlankLine or '\n' => 3,
            TinyTokenizer.ThinkStart => 1.5f,
            TinyTokenizer.ImEnd => 0.3f,
            _ => 0,
        },
    };

    private static GenerationRequest RandomRequest(string id, Random random) => new()
    {
        Id = id,
        Prompt = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(256))],
        StartsInThinking = random.Next(3) > 0,
        Thinking = new ThinkingLimits
        {
            MaxSteps = random.Next(3) == 0 ? random.Next(1, 4) : null, MaxTokens = random.Next(4) == 0 ? random.Next(0, 40) : null,
        },
        Sampling = new SamplingParameters
        {
            Seed = (ulong)random.NextInt64(), SampleCount = random.Next(4) == 0 ? 2 : 1, MaxTokens = random.Next(2) == 0 ? random.Next(1, 200) : 250,
        },
    };

    private int[] Unhurried(GenerationRequest request, int sample)
    {
        using HashLanguageModel model = Model();
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), new FakeTimeProvider());
        Assert.True(engine.TryAdd(request));
        return EngineRun.Collect(engine.RunToEnd())[(request.Id, sample)].TokenIds;
    }

    private static List<GenerationDelta> Of(IEnumerable<(GenerationDelta Delta, long At)> given, string id, int sample) =>
        [.. given.Select(entry => entry.Delta).Where(delta => delta.RequestId == id && delta.Sample == sample)];

    private static int? PlaceOfClose(List<GenerationDelta> deltas) => deltas.Any(delta => delta.ClosedBy == ThinkingEnd.Time)
        ? deltas.TakeWhile(delta => delta.ClosedBy != ThinkingEnd.Time).Sum(delta => delta.TokenIds.Count)
        : null;

    /// <summary>Who sees only what was given out counts the same.</summary>
    private static void CheckUsage(List<GenerationDelta> deltas, Model.Generation.ReplyUsage usage)
    {
        ReplyTally tally = new(TinyTokenizer.Thinking);
        foreach (GenerationDelta delta in deltas)
        {
            tally.Add(EngineMessages.ToDelta(delta, TinyTokenizer.Thinking));
        }

        ReplyUsage counted = tally.ToUsage(usage.PromptTokens, TimeSpan.Zero, TimeSpan.Zero);
        Assert.Equal(
            (usage.ReplyTokens, usage.ThinkingTokens, usage.ThinkingSteps, EngineMessages.ToThinkingEnd(usage.ThinkingEnd)),
            (counted.ReplyTokens, counted.ThinkingTokens, counted.ThinkingSteps, counted.ThinkingEnd));
    }
}
