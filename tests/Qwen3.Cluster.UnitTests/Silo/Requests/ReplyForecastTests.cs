using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Silo.Requests;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public class ReplyForecastTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Without_measurements_or_with_old_ones_everybody_is_let_in()
    {
        Forecast(running: 2, pace: new EnginePace()).Check("m", Seconds(9), Seconds(9), Seconds(0.5), default);
        EnginePace pace = Pace();
        _time.Advance(EnginePace.Lifetime + TimeSpan.FromSeconds(1));
        Forecast(running: 2, pace: pace).Check("m", Seconds(9), Seconds(9), Seconds(0.5), default);
        Assert.False(Forecast(running: 2, pace: pace).IsKnown);
    }

    [Fact]
    public void With_a_place_free_only_the_reply_itself_counts()
    {
        ReplyForecast forecast = Forecast(running: 1);
        forecast.Check("m", least: Seconds(0.9), usual: Seconds(0.9), left: Seconds(1), default);
        Assert.Equal(Seconds(0.9), forecast.Earliest(Seconds(0.9), Seconds(2)));

        var refusal = Assert.Throws<ResponseTimeException>(() => forecast.Check("m", least: Seconds(1.234), usual: Seconds(1.234), left: Seconds(1), spent: Seconds(0.25)));
        Assert.Equal(Seconds(1.484), refusal.Earliest);
        Assert.Contains("within 1.25 s", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("1.49 s", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_waits_for_those_with_less_slack_alone()
    {
        // Where others wait, there has to be time for the usual reply.
        Assert.Equal(Seconds(3), Forecast(running: 2, line: [30]).Earliest(Seconds(1), Seconds(2)));

        // Two places, both taken; one becomes free each second. Ahead: one to be begun within 3 s, one within 20 s.
        ReplyForecast forecast = Forecast(running: 2, line: [3, 20]);

        forecast.Check("m", least: Seconds(1), usual: Seconds(1), left: Seconds(4.5), default);
        forecast.Check("m", least: Seconds(1), usual: Seconds(1), left: Seconds(2.5), default);
        var refusal = Assert.Throws<ResponseTimeException>(() => forecast.Check("m", least: Seconds(1), usual: Seconds(1), left: Seconds(1.9), default));

        Assert.Equal(Seconds(2), refusal.Earliest);
        Assert.Equal(Seconds(0.1), refusal.RetryAfter);
    }

    [Fact]
    public void Who_has_just_come_and_has_a_place_keeps_nobody_waiting()
    {
        ReplyForecast forecast = new(Metrics(0, [30], Pace()), Seconds(1), arriving: 0, _time);
        Assert.Equal(Seconds(0.5), forecast.Earliest(Seconds(0.5), Seconds(2)));

        // With too few pages a place is none.
        ReplyForecast crowded = new(Metrics(0, [30], Pace()) with { LacksPages = true }, Seconds(1), arriving: 0, _time);
        Assert.Equal(Seconds(3), crowded.Earliest(Seconds(0.5), Seconds(2)));
    }

    [Fact]
    public void Nobody_who_was_let_in_is_made_late()
    {
        ReplyForecast forecast = Forecast(running: 2, line: [1.5, 2.5]);

        var refusal = Assert.Throws<ResponseTimeException>(() => forecast.Check("m", least: Seconds(1), usual: Seconds(1), left: Seconds(2.2), default));
        Assert.Equal(Seconds(4), refusal.Earliest);
        Assert.Equal(Seconds(1.8), refusal.RetryAfter);
        forecast.Check("m", least: Seconds(1), usual: Seconds(1), left: refusal.Earliest, default);
    }

    [Fact]
    public void Whoever_was_let_in_a_moment_ago_counts()
    {
        ReplyForecast forecast = new(Metrics(1, [], Pace()), Seconds(1), arriving: 3, _time);

        forecast.Check("m", least: Seconds(1), usual: Seconds(1), left: Seconds(4), default);
        Assert.Throws<ResponseTimeException>(() => forecast.Check("m", least: Seconds(1), usual: Seconds(1), left: Seconds(3.9), default));
    }

    [Fact]
    public void Places_that_deadlines_make_free_are_not_reckoned_with()
    {
        // One reply ends each 0.1 s because it is cut; whole ones, of 200 tokens each 10 ms, two at once, would end each second.
        EngineMetrics metrics = Metrics(2, [], Pace() with { MeanTokens = 200, MeanTokenTime = Seconds(0.01) });
        ReplyForecast forecast = new(metrics, Seconds(0.1), arriving: 0, _time);

        Assert.Equal(Seconds(3), forecast.Earliest(Seconds(1), Seconds(2)));
        Assert.Equal(Seconds(2.1), new ReplyForecast(metrics with { Pace = Pace() }, Seconds(0.1), arriving: 0, _time).Earliest(Seconds(1), Seconds(2)));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private EnginePace Pace() => new() { TokenTime = Seconds(0.01), LongTokenTime = Seconds(0.02), MeasuredAt = _time.GetTimestamp() };

    private EngineMetrics Metrics(int running, double[] line, EnginePace pace) => new()
    {
        MaxSequences = 2,
        Running = running,
        Waiting = line.Length,
        LatestStarts = [.. line.Select(seconds => _time.GetTimestamp() + (long)(seconds * _time.TimestampFrequency))],
        Pace = pace,
    };

    private ReplyForecast Forecast(int running, double[]? line = null, EnginePace? pace = null) =>
        new(Metrics(running, line ?? [], pace ?? Pace()), Seconds(1), arriving: 0, _time);
}
