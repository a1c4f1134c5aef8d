using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Silo.Requests;
using FinishReason = Qwen3.Cluster.Contracts.Messages.FinishReason;
using ReplyUsage = Qwen3.Cluster.Contracts.Messages.ReplyUsage;
using TokenLogprob = Qwen3.Cluster.Contracts.Messages.TokenLogprob;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public sealed class AutoReplyTests
{
    private readonly List<string> _log = [];
    private double[] _probabilities = [0.9, 0.9, 0.9, 0.9, 0.9, 0.9];
    private int _samples = 1;
    private bool _hasTime = true;
    private bool _timeEndsAtThinking;
    private Exception? _refusal;
    private int? _logprobs;

    [Fact]
    public async Task A_sure_answer_is_given_out_as_if_nothing_had_been_held_back()
    {
        List<ReplyEvent> events = await Run(threshold: 0.7, probeTokens: 3);

        Assert.Equal(["direct", "direct ends"], _log);
        Assert.Equal(["started direct", "0", "1", "2", "3", "4", "5", "finished 6"], events.Select(Describe));
        Assert.Equal(0, events.OfType<ReplyFinished>().Single().Usage.DroppedTokens);
    }

    [Fact]
    public async Task An_unsure_one_is_dropped_as_soon_as_that_is_known_and_once_the_thinking_is_admitted()
    {
        List<ReplyEvent> events = await Run(threshold: 0.75, probeTokens: 5);

        // 0.9³ is below, after three of the five tokens.
        Assert.Equal(["direct", "thinking", "direct ends", "thinking ends"], _log);
        Assert.Equal(["started thinking", "0", "1", "finished 2"], events.Select(Describe));
        Assert.Equal(3, events.OfType<ReplyFinished>().Single().Usage.DroppedTokens);
    }

    [Fact]
    public async Task An_answer_that_ends_early_is_decided_at_its_end()
    {
        _probabilities = [0.9, 0.9];
        Assert.Equal("started direct", Describe((await Run(threshold: 0.8, probeTokens: 24))[0]));
        List<ReplyEvent> events = await Run(threshold: 0.82, probeTokens: 24);
        Assert.Equal("started thinking", Describe(events[0]));
        Assert.Equal(2, events.OfType<ReplyFinished>().Single().Usage.DroppedTokens);
    }

    [Fact]
    public async Task Without_time_or_room_for_thinking_the_direct_answer_stays()
    {
        _hasTime = false;
        Assert.Equal(["started direct", "0", "1", "2", "3", "4", "5", "finished 6"], (await Run(threshold: 1.01)).Select(Describe));
        Assert.DoesNotContain("thinking", _log);

        _hasTime = true;
        foreach (Exception refusal in new Exception[]
        {
            new QueueFullException(TimeSpan.Zero, ""), new ResponseTimeException(TimeSpan.Zero, TimeSpan.Zero, ""), new ModelUnavailableException("", null, ""),
        })
        {
            _refusal = refusal;
            Assert.Equal(["started direct", "0", "1", "2", "3", "4", "5", "finished 6"], (await Run(threshold: 1.01)).Select(Describe));
        }

        _refusal = new InvalidOperationException("bug");
        await Assert.ThrowsAsync<InvalidOperationException>(() => Run(threshold: 1.01));
    }

    [Fact]
    public async Task A_thinking_that_its_time_has_ended_before_it_began_is_none()
    {
        _timeEndsAtThinking = true;
        Assert.Equal(["started direct", "0", "1", "2", "3", "4", "5", "finished 6"], (await Run(threshold: 1.01)).Select(Describe));
        Assert.Contains("thinking ends", _log);
    }

    [Fact]
    public async Task The_first_of_several_samples_decides_and_each_counts_its_own_dropped_tokens()
    {
        _samples = 2;
        List<ReplyEvent> events = await Run(threshold: 0.75, probeTokens: 5);
        Assert.Equal([3, 2], events.OfType<ReplyFinished>().OrderBy(finished => finished.Sample).Select(finished => finished.Usage.DroppedTokens));

        events = await Run(threshold: 0, probeTokens: 2);
        Assert.Equal(1 + (2 * 6) + 2, events.Count);
    }

    [Theory]
    [InlineData(null, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(2, 1, 2)]
    public async Task Logprobs_come_as_they_were_asked_for(int? logprobs, int count, int top)
    {
        _logprobs = logprobs;
        List<ReplyEvent> events = await Run(threshold: 0);
        Assert.All(events.OfType<ReplyDelta>(), delta =>
        {
            Assert.Equal(count, delta.Logprobs.Count);
            Assert.All(delta.Logprobs, token => Assert.Equal(top, token.Top.Count));
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.01)]
    public async Task A_reader_who_leaves_stops_the_work(double threshold)
    {
        await foreach (ReplyEvent _ in Reply(threshold, probeTokens: 3).Run(TestContext.Current.CancellationToken))
        {
            break;
        }

        Assert.Contains("direct ends", _log);
        Assert.Equal(threshold > 1, _log.Contains("thinking ends"));
    }

    private AutoReply Reply(double threshold, int probeTokens) => new(
        new AutoCalibration { Threshold = threshold, ProbeTokens = probeTokens }, _logprobs, Direct, Thinking, () => _hasTime);

    private async Task<List<ReplyEvent>> Run(double threshold, int probeTokens = 24)
    {
        _log.Clear();
        return await Reply(threshold, probeTokens).Run(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
    }

    private async IAsyncEnumerable<ReplyEvent> Direct()
    {
        _log.Add("direct");
        try
        {
            await Task.Yield();
            yield return new ReplyStarted { RequestId = "", Model = "direct" };
            for (int i = 0; i < _probabilities.Length; i++)
            {
                for (int sample = 0; sample < _samples; sample++)
                {
                    yield return Delta(sample, i, Enumerable.Repeat(new TokenLogprob { Logprob = MathF.Log((float)_probabilities[i]) }, AutoReply.LogprobsFor(_logprobs)));
                }
            }

            for (int sample = 0; sample < _samples; sample++)
            {
                yield return Finished(sample, _probabilities.Length);
            }
        }
        finally
        {
            _log.Add("direct ends");
        }
    }

    private async IAsyncEnumerable<ReplyEvent> Thinking()
    {
        if (_refusal is not null)
        {
            throw _refusal;
        }

        _log.Add("thinking");
        try
        {
            await Task.Yield();
            _hasTime = !_timeEndsAtThinking;
            yield return new ReplyStarted { RequestId = "", Model = "thinking" };
            for (int sample = 0; sample < _samples; sample++)
            {
                yield return Delta(sample, 0, []);
                yield return Delta(sample, 1, []);
                yield return Finished(sample, 2);
            }
        }
        finally
        {
            _log.Add("thinking ends");
        }
    }

    // What was drawn is less likely than the likeliest.
    private static ReplyDelta Delta(int sample, int token, IEnumerable<TokenLogprob> top) => new()
    {
        Sample = sample, TokenIds = [token], Logprobs = [new TokenLogprob { Logprob = -50, Top = [.. top] }],
    };

    private static ReplyFinished Finished(int sample, int tokens) =>
        new() { Sample = sample, Reason = FinishReason.Stop, Usage = new ReplyUsage { ReplyTokens = tokens } };

    private static string Describe(ReplyEvent reply) => reply switch
    {
        ReplyStarted started => $"started {started.Model}",
        ReplyDelta delta => $"{delta.TokenIds[0]}",
        ReplyFinished finished => $"finished {finished.Usage.ReplyTokens}",
        _ => "",
    };
}
