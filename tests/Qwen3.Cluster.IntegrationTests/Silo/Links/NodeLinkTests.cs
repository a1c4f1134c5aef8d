using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.IntegrationTests.Silo.Links;

public sealed class NodeLinkTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, ActivationPrecision.BFloat16, 64)]
    [InlineData(true, ActivationPrecision.Float32, 64)]
    [InlineData(false, ActivationPrecision.BFloat16, 64)]
    [InlineData(false, ActivationPrecision.Float32, 64)]
    [InlineData(true, ActivationPrecision.BFloat16, 7)]
    [InlineData(false, ActivationPrecision.Float32, 1)]
    public async Task Outputs_come_back_to_the_bit(bool unix, ActivationPrecision precision, int hiddenSize)
    {
        await using var node = new FakeNode(hiddenSize, precision);
        NodeLink link = node.Open(unix);
        var call = new LinkCall();
        foreach ((int rows, int choices) in ((int, int)[])[(1, 1), (1, 8), (5, 40), (3, 2), (100, 800), (1, 3)])
        {
            float[] inputs = node.Fill(call, layer: rows, rows, choices, seed: choices);
            link.Send(call);
            call.Wait(Limit, Cancelled);
            node.Check(call, layer: rows, inputs);
        }

        link.CloseOrderly("the test is done with it");
        await link.Ended;
    }

    [Fact]
    public async Task Several_threads_share_a_link()
    {
        await using var node = new FakeNode();
        NodeLink link = node.Open();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Factory.StartNew(
            () =>
            {
                // Small frames, which their own threads send, between large ones, which the writer sends; two under way for each thread.
                LinkCall[] calls = [new(), new()];
                for (int i = 0; i < 100; i++)
                {
                    int choices = i % 10 == thread ? 2000 : 8 + i;
                    float[][] inputs = [.. calls.Select((call, which) => node.Fill(call, layer: i + which, rows: 1 + i, choices, seed: 1000 * thread + i))];
                    Array.ForEach(calls, link.Send);
                    for (int which = 0; which < 2; which++)
                    {
                        calls[which].Wait(Limit, Cancelled);
                        node.Check(calls[which], layer: i + which, inputs[which]);
                    }
                }
            },
            Cancelled, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.True(link.IsOpen);
        link.CloseOrderly("the test is done with it");
        await link.Ended;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Frames_of_megabytes(bool unix)
    {
        await using var node = new FakeNode(hiddenSize: 2048);
        NodeLink link = node.Open(unix);
        var call = new LinkCall();
        for (int i = 0; i < 2; i++)
        {
            float[] inputs = node.Fill(call, layer: 3, rows: 1000, choices: 4000, seed: i); // 4 MB there, 16 MB back
            link.Send(call);
            call.Wait(Limit, Cancelled);
            node.Check(call, layer: 3, inputs);
        }

        link.CloseOrderly("the test is done with it");
        await link.Ended;
    }

    [Fact]
    public async Task A_shard_that_fails_says_why_and_the_link_goes_on()
    {
        await using var node = new FakeNode();
        NodeLink link = node.Open();
        var call = new LinkCall();
        node.Shards[1].Failure = new ArgumentException(new string('€', 1000) + "…");
        node.Fill(call, layer: 0, rows: 1, choices: 8, seed: 1);
        link.Send(call);
        string long1 = Assert.Throws<ExpertShardException>(() => call.Wait(Limit, Cancelled)).Message;
        Assert.EndsWith(new string('€', 341), long1);

        node.Shards[1].Failure = new InvalidOperationException("Expert 5 is not here.");
        node.Fill(call, layer: 0, rows: 1, choices: 8, seed: 1);
        link.Send(call);
        Assert.Equal($"node {node.Endpoint.Node}: Expert 5 is not here.", Assert.Throws<ExpertShardException>(() => call.Wait(Limit, Cancelled)).Message);
        Assert.Throws<InvalidOperationException>(() => call.CopyOutput(0, new float[64]));

        node.Shards[1].Failure = null;
        float[] inputs = node.Fill(call, layer: 0, rows: 1, choices: 8, seed: 1);
        link.Send(call);
        call.Wait(Limit, Cancelled);
        node.Check(call, layer: 0, inputs);
        link.CloseOrderly("the test is done with it");
    }

    [Fact]
    public async Task No_more_requests_are_under_way_than_the_node_allows()
    {
        await using var node = new FakeNode(change: options => options.MaxRequestsInFlight = 2);
        NodeLink link = node.Open();
        node.Shards[0].Gate.Reset();
        LinkCall[] calls = [.. Enumerable.Range(0, 10).Select(_ => new LinkCall())];
        float[][] inputs = [.. calls.Select((call, i) => node.Fill(call, layer: i, rows: 1, choices: 2, seed: i))];
        Array.ForEach(calls, link.Send);
        await Task.Delay(200, Cancelled);
        Assert.Equal(2, node.Shards[0].Posted);

        node.Shards[0].Gate.Set();
        for (int i = 0; i < calls.Length; i++)
        {
            calls[i].Wait(Limit, Cancelled);
            node.Check(calls[i], layer: i, inputs[i]);
        }

        link.CloseOrderly("the test is done with it");
    }

    [Fact]
    public async Task A_node_that_goes_away_fails_what_is_under_way_at_once()
    {
        var node = new FakeNode();
        NodeLink link = node.Open();
        node.Shards[0].Gate.Reset();
        LinkCall[] calls = [new(), new()];
        foreach (LinkCall call in calls)
        {
            node.Fill(call, layer: 0, rows: 1, choices: 8, seed: 1);
            link.Send(call);
        }

        Task<LinkBrokenException>[] waiting = [.. calls.Select(call => Task.Factory.StartNew(
            () => Assert.Throws<LinkBrokenException>(() => call.Wait(Timeout.InfiniteTimeSpan, Cancelled)),
            Cancelled, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        await node.Listener.DisposeAsync(); // The shard still computes.
        foreach (Task<LinkBrokenException> task in waiting)
        {
            LinkBrokenException broken = await task.WaitAsync(Limit, Cancelled);
            Assert.Equal($"The link to node {node.Endpoint.Node} is broken: the other side closed it.", broken.Message);
        }

        Assert.False(link.IsOpen);
        await link.Ended.WaitAsync(Limit, Cancelled);
        Assert.Single(node.AskerLog.Lines);

        // A call over a link that is closed fails like one that was under way.
        node.Fill(calls[0], layer: 0, rows: 1, choices: 8, seed: 1);
        link.Send(calls[0]);
        Assert.Throws<LinkBrokenException>(() => calls[0].Wait(Limit, Cancelled));
        await node.DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_does_not_answer_in_time_is_broken()
    {
        await using var node = new FakeNode();
        NodeLink link = node.Open();
        node.Shards[0].Gate.Reset();
        LinkCall slow = new(), other = new();
        node.Fill(slow, layer: 4, rows: 1, choices: 8, seed: 1);
        node.Fill(other, layer: 4, rows: 1, choices: 8, seed: 1);
        link.Send(slow);
        link.Send(other);
        Assert.Throws<InvalidOperationException>(() => other.Reset(0, 64, node.Precision));
        LinkBrokenException broken = Assert.Throws<LinkBrokenException>(() => slow.Wait(TimeSpan.FromMilliseconds(50), Cancelled));
        Assert.Equal("no answer for layer 4 came within 0.05 s", broken.Reason);
        Assert.Throws<LinkBrokenException>(() => other.Wait(Limit, Cancelled));
        await link.Ended.WaitAsync(Limit, Cancelled);

        // Both can be used again, over another link, and the late answers of the first one disturb nobody.
        node.Shards[0].Gate.Set();
        NodeLink next = node.Open();
        float[] inputs = node.Fill(slow, layer: 5, rows: 1, choices: 8, seed: 2);
        next.Send(slow);
        slow.Wait(Limit, Cancelled);
        node.Check(slow, layer: 5, inputs);
        next.CloseOrderly("the test is done with it");
    }

    [Fact]
    public async Task Who_is_to_stop_leaves_the_link_to_the_others()
    {
        await using var node = new FakeNode();
        NodeLink link = node.Open();
        node.Shards[0].Gate.Reset();
        LinkCall stopped = new(), givenUp = new(), other = new();
        float[] inputs = node.Fill(other, layer: 0, rows: 1, choices: 8, seed: 1);
        node.Fill(stopped, layer: 0, rows: 1, choices: 8, seed: 2);
        node.Fill(givenUp, layer: 0, rows: 1, choices: 8, seed: 3);
        Array.ForEach([stopped, givenUp, other], link.Send);
        using var stopping = new CancellationTokenSource(50);
        Assert.Throws<OperationCanceledException>(() => stopped.Wait(Limit, stopping.Token));
        givenUp.GiveUp();
        givenUp.GiveUp();
        node.Shards[0].Gate.Set();
        other.Wait(Limit, Cancelled);
        node.Check(other, layer: 0, inputs);

        // The late answer to the first call is not taken for that to the second.
        for (int i = 0; i < 3; i++)
        {
            inputs = node.Fill(stopped, layer: 9, rows: 2, choices: 16, seed: i);
            link.Send(stopped);
            stopped.Wait(Limit, Cancelled);
            node.Check(stopped, layer: 9, inputs);
        }

        Assert.True(link.IsOpen);
        link.CloseOrderly("the test is done with it");
    }

    [Fact]
    public async Task A_call_that_is_too_long_is_refused_and_the_most_choices_fit()
    {
        await using var node = new FakeNode(change: options => options.MaxFrameBytes = 1 << 20);
        NodeLink link = NodeLink.Open(node.Endpoint, new LinkOptions(), node.AskerLog, TimeProvider.System); // It would take more, and keeps to the smaller one.
        var call = new LinkCall();
        int most = link.MostChoices(64, node.Precision);
        Assert.InRange(most, 6000, 8192);
        Assert.Equal(most, node.Open().MostChoices(64, node.Precision));
        float[] inputs = node.Fill(call, layer: 0, rows: most, choices: most, seed: 1);
        link.Send(call);
        call.Wait(Limit, Cancelled);
        node.Check(call, layer: 0, inputs);

        node.Fill(call, layer: 0, rows: 1, choices: 8193, seed: 1);
        Assert.Contains("Qwen3:Links:MaxFrameBytes", Assert.Throws<ArgumentException>(() => link.Send(call)).Message);
        call.Reset(0, 64, node.Precision);
        Assert.Throws<ArgumentException>(() => link.Send(call));
        Assert.True(link.IsOpen);
        link.CloseOrderly("the test is done with it");
    }
}
