using System.Diagnostics;
using Google.Rpc;
using Grpc.Core;
using Qwen3.Cluster.IntegrationTests.Silo;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>Response times and deadlines from the client to the model and back.</summary>
public sealed class ResponseTimeTests : IAsyncLifetime
{
    // How late a reply may be on a machine that does much else; what it waits for takes far longer.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private readonly HookedBackends _backend = new();
    private GatewayServer _server = null!;
    private Protos.TextGeneration.TextGenerationClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task At_the_response_time_what_exists_is_the_reply()
    {
        await Warm();
        _backend.BeforeStep = () => Thread.Sleep(20);

        (List<Protos.ReplyEvent> events, TimeSpan elapsed) = await Ask(Question(400, seconds: 1));

        AssertEndedByTime(events);
        Assert.InRange(elapsed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1) + Tolerance);
        Assert.True(events[^1].Finished.Usage.ReplyTokens > 5);
    }

    [Fact]
    public async Task A_deadline_of_the_call_counts_when_it_is_tighter()
    {
        await Warm();
        _backend.BeforeStep = () => Thread.Sleep(60);

        // The server keeps a tenth of a second for the way: a machine that stands still for longer just then makes the call itself late.
        List<Protos.ReplyEvent>? events = null;
        for (int tries = 0; events is null && tries < 3; tries++)
        {
            try
            {
                (events, _) = await Ask(Question(400, seconds: 20), DateTime.UtcNow.AddSeconds(2));
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.DeadlineExceeded)
            {
                TestContext.Current.TestOutputHelper?.WriteLine("too late");
            }
        }

        Assert.NotNull(events);
        AssertEndedByTime(events);
    }

    [Fact]
    public async Task A_shard_that_stalls_makes_no_reply_late()
    {
        await Warm();
        using var gate = new ManualResetEventSlim();
        int steps = 0;
        _backend.BeforeStep = () => steps++;
        _backend.BeforeExpert = () =>
        {
            if (steps > 6)
            {
                gate.Wait(TimeSpan.FromSeconds(10), Cancel);
            }
        };

        (List<Protos.ReplyEvent> events, TimeSpan elapsed) = await Ask(Question(400, seconds: 1));
        gate.Set();

        AssertEndedByTime(events);
        Assert.InRange(elapsed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1) + Tolerance);
        Assert.Equal(6u, events[^1].Finished.Usage.ReplyTokens);
    }

    [Fact]
    public async Task A_step_that_stalls_makes_no_reply_late()
    {
        await Warm();
        using var gate = new ManualResetEventSlim();
        int steps = 0;
        _backend.BeforeStep = () =>
        {
            if (++steps > 6)
            {
                gate.Wait(TimeSpan.FromSeconds(10), Cancel);
            }
        };

        (List<Protos.ReplyEvent> events, TimeSpan elapsed) = await Ask(Question(400, seconds: 1));
        gate.Set();

        AssertEndedByTime(events);
        Assert.InRange(elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(1) + Tolerance); // A timer may be some milliseconds early.
        Assert.Equal(6u, events[^1].Finished.Usage.ReplyTokens);
    }

    [Fact]
    public async Task What_cannot_be_met_is_refused_at_once_with_the_earliest_time_that_could()
    {
        _backend.BeforeStep = () => Thread.Sleep(60);
        await Ask(Question(16, seconds: null));

        var refusal = await Assert.ThrowsAsync<RpcException>(() => Ask(Question(16, seconds: 0.5)));

        Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
        ErrorInfo info = refusal.GetRpcStatus()!.GetDetail<ErrorInfo>();
        Assert.Equal("RESPONSE_TIME", info.Reason);
        double earliest = double.Parse(info.Metadata["earliest_seconds"], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(earliest, 16 * 0.06, 30);
        Assert.True(refusal.GetRpcStatus()!.GetDetail<RetryInfo>().RetryDelay.ToTimeSpan() > TimeSpan.Zero);

        (List<Protos.ReplyEvent> events, _) = await Ask(Question(16, seconds: Math.Min(30, 2 * earliest)));
        Assert.Equal(16u, events[^1].Finished.Usage.ReplyTokens);
    }

    public async ValueTask InitializeAsync()
    {
        _server = await GatewayServer.StartAsync(
            options => options.Models =
            [
                new ModelOptions { Name = "tiny", Directory = TinyChatModel.Moe.Value, Backend = _backend.Name, CacheTokens = 1024, MaxSequences = 4 },
            ],
            _backend);
        _client = new Protos.TextGeneration.TextGenerationClient(_server.Channel);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    // Loading the model, and what is compiled at the first call, is not what is tested; too few steps to measure a speed.
    private Task Warm() => Ask(Question(4, seconds: null));

    private static Protos.ChatRequest Question(uint maxTokens, double? seconds) => new()
    {
        Messages = { new Protos.Message { Role = Protos.Role.User, Content = "What is 47 + 38?" } },
        Sampling = new Protos.Sampling { Seed = 1, Temperature = 1, TopP = 1, TopK = 0, MaxTokens = maxTokens },
        Budget = new Protos.ThinkingBudget
        {
            ResponseTime = seconds is { } time ? Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(time)) : null,
        },
        Output = new Protos.OutputOptions { TokenIds = true },
    };

    private async Task<(List<Protos.ReplyEvent> Events, TimeSpan Elapsed)> Ask(Protos.ChatRequest request, DateTime? deadline = null)
    {
        long started = Stopwatch.GetTimestamp();
        using AsyncServerStreamingCall<Protos.ReplyEvent> call = _client.Chat(request, deadline: deadline, cancellationToken: Cancel);
        List<Protos.ReplyEvent> events = await call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel);
        return (events, Stopwatch.GetElapsedTime(started));
    }

    private static void AssertEndedByTime(List<Protos.ReplyEvent> events)
    {
        Assert.NotNull(events[0].Started);
        Protos.ReplyFinished end = events[^1].Finished;
        Assert.Equal(Protos.FinishReason.Deadline, end.Reason);
        Assert.Equal(end.Usage.ReplyTokens, (uint)events.Sum(reply => reply.Delta?.TokenIds.Count ?? 0));
    }
}
