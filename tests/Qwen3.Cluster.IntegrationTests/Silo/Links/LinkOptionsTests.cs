using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.IntegrationTests.Silo.Links;

public sealed class LinkOptionsTests
{
    [Fact]
    public void The_defaults_are_good() => Assert.Empty(new LinkOptions().Problems());

    [Fact]
    public void Each_problem_names_its_setting()
    {
        var options = new LinkOptions
        {
            Port = 70_000,
            MaxFrameBytes = 5,
            MaxConnections = 0,
            MaxRequestsInFlight = 0,
            SocketBufferBytes = 1,
            HandshakeTimeLimit = TimeSpan.Zero,
            StallTimeLimit = TimeSpan.Zero,
            RetryOpenAfter = TimeSpan.FromSeconds(-1),
        };
        Assert.Equal(
            ["Port", "MaxFrameBytes", "MaxConnections", "MaxRequestsInFlight", "SocketBufferBytes", "HandshakeTimeLimit", "StallTimeLimit", "RetryOpenAfter"],
            options.Problems().Select(problem => problem.Split(' ')[0].Replace("Qwen3:Links:", "")));
    }
}
