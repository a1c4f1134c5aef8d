using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Requests;
using Qwen3.Cluster.UnitTests.Generation;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public class TimedReplyTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Channel<ReplyEvent> _router = Channel.CreateUnbounded<ReplyEvent>();
    private readonly TaskCompletionSource _neverMind = new(); // what the router waits for when it is told to end
    private readonly TaskCompletionSource _told = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reply_that_ends_in_time_is_passed_on_as_it_is()
    {
        ReplyEvent[] events = [Started(), Delta(0, "hi"), Finished(0)];
        Array.ForEach(events, reply => _router.Writer.TryWrite(reply));
        _router.Writer.Complete();
        _neverMind.SetResult();

        Assert.Equal(events, await Run(samples: 1).ToListAsync(Cancel));
    }

    [Fact]
    public async Task A_router_that_stalls_is_left_behind_and_what_it_gave_is_the_reply()
    {
        _router.Writer.TryWrite(Started());
        _router.Writer.TryWrite(Delta(0, "one.\n\ntwo", ReplyPart.Thinking));
        _router.Writer.TryWrite(Delta(1, "yes"));
        _router.Writer.TryWrite(Delta(2, "no"));
        _router.Writer.TryWrite(Finished(1));
        Task<List<ReplyEvent>> reading = Run(samples: 3).ToListAsync(Cancel).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1.999));
        await Task.Yield();
        Assert.False(reading.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(0.001));
        List<ReplyEvent> events = await reading.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        // The router was told, and has not answered.
        await _told.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        ReplyFinished[] ends = [.. events.OfType<ReplyFinished>()];
        Assert.Equal([(1, FinishReason.Stop), (0, FinishReason.Deadline), (2, FinishReason.Deadline)], ends.Select(end => (end.Sample, end.Reason)));
        ReplyUsage usage = ends[1].Usage;
        Assert.Equal((7, 7, 2, ThinkingEnd.None), (usage.ReplyTokens, usage.ThinkingTokens, usage.ThinkingSteps, usage.ThinkingEnd));
        Assert.Equal((4, TimeSpan.FromSeconds(2)), (usage.PromptTokens, usage.Duration));
    }

    [Fact]
    public async Task Without_a_word_from_any_router_the_reply_begins_and_ends_empty()
    {
        Task<List<ReplyEvent>> reading = Run(samples: 1).ToListAsync(Cancel).AsTask();
        _time.Advance(TimeSpan.FromSeconds(2));

        List<ReplyEvent> events = await reading.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.Equal(new ReplyStarted { RequestId = "r", Model = "m", PromptTokens = 4, Seed = 5 }, events[0]);
        Assert.Equal((FinishReason.Deadline, 0), (((ReplyFinished)events[1]).Reason, ((ReplyFinished)events[1]).Usage.ReplyTokens));
        Assert.Equal(2, events.Count);
    }

    [Fact]
    public async Task What_goes_wrong_before_is_said_at_once()
    {
        _neverMind.SetResult();
        _router.Writer.Complete(new QueueFullException(TimeSpan.Zero, "full"));

        await Assert.ThrowsAsync<QueueFullException>(async () => await Run(samples: 1).ToListAsync(Cancel));
    }

    private IAsyncEnumerable<ReplyEvent> Run(int samples) => new TimedReply(
        new RouterCall { RequestId = "r", Prompt = [1, 2, 3, 4], Sampling = new SamplingSettings { Seed = 5, SampleCount = samples } },
        "m",
        TinyTokenizer.Thinking,
        Router,
        _time.GetTimestamp(),
        TimeSpan.FromSeconds(2),
        _time,
        NullLogger.Instance).Run(Cancel);

    private async IAsyncEnumerable<ReplyEvent> Router([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.Register(_told.SetResult);
        try
        {
            while (await _router.Reader.WaitToReadAsync(CancellationToken.None))
            {
                yield return await _router.Reader.ReadAsync(CancellationToken.None);
            }
        }
        finally
        {
            await _neverMind.Task;
        }
    }

    private static ReplyStarted Started() => new() { RequestId = "r", Model = "m", PromptTokens = 4, Seed = 5 };

    private static ReplyDelta Delta(int sample, string text, ReplyPart part = ReplyPart.Answer) =>
        new() { Sample = sample, Part = part, Text = text, TokenIds = TinyTokenizer.Thinking.Encode(text) };

    private static ReplyFinished Finished(int sample) => new() { Sample = sample, Usage = new ReplyUsage() };
}
