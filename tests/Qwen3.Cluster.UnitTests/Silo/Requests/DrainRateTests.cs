using Qwen3.Cluster.Silo.Requests;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public class DrainRateTests
{
    private readonly DrainRate _rate = new();

    [Fact]
    public void It_is_a_second_until_a_request_has_ended()
    {
        _rate.AddStep(TimeSpan.FromSeconds(40));
        _rate.AddEnded(0);
        Assert.Equal(TimeSpan.FromSeconds(1), _rate.RetryAfter);
    }

    [Fact]
    public void It_is_the_time_of_steps_between_ends_and_follows_it()
    {
        End(steps: 4, seconds: 0.5);
        Assert.Equal(2, _rate.RetryAfter.TotalSeconds, 1e-6);

        // A fifth of the way from 2 s to 4 s.
        End(steps: 8, seconds: 0.5);
        Assert.Equal(2.4, _rate.RetryAfter.TotalSeconds, 1e-6);

        for (int i = 0; i < 50; i++)
        {
            End(steps: 1, seconds: 0.3);
        }

        Assert.Equal(0.3, _rate.RetryAfter.TotalSeconds, 1e-3);
    }

    [Fact]
    public void Two_that_end_at_once_make_two_places()
    {
        _rate.AddStep(TimeSpan.FromSeconds(10));
        _rate.AddEnded(2);
        Assert.Equal(8, _rate.RetryAfter.TotalSeconds, 1e-6);
    }

    [Theory]
    [InlineData(0.001, 0.1)]
    [InlineData(500, 60)]
    public void It_has_a_least_and_a_most(double measured, double expected)
    {
        End(steps: 1, seconds: measured);
        Assert.Equal(TimeSpan.FromSeconds(expected), _rate.RetryAfter);
    }

    private void End(int steps, double seconds)
    {
        for (int i = 0; i < steps; i++)
        {
            _rate.AddStep(TimeSpan.FromSeconds(seconds));
        }

        _rate.AddEnded(1);
    }
}
