using Google.Rpc;
using Grpc.Core;
using Qwen3.Cluster.Contracts.Messages;
using static Qwen3.Cluster.Protos.TextGeneration;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>What a client is told when a call does not end well, and that the work then stops.</summary>
public sealed class ErrorTests : IAsyncLifetime
{
    private static readonly Protos.ChatRequest Question = new()
    {
        Messages = { new Protos.Message { Role = Protos.Role.User, Content = "Hi" } },
    };

    private readonly FakeGrains _grains = new();
    private GatewayServer _server = null!;
    private TextGenerationClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_bad_field_is_named_in_one_answer()
    {
        var request = new Protos.ChatRequest
        {
            Messages =
            {
                new Protos.Message { Role = Protos.Role.User },
                new Protos.Message(),
                new Protos.Message { Role = (Protos.Role)99 },
            },
            Mode = (Protos.Mode)7,
            Sampling = new Protos.Sampling { TopP = float.NaN, StopTokenIds = { uint.MaxValue }, N = uint.MaxValue },
            Budget = new Protos.ThinkingBudget { MaxSteps = uint.MaxValue },
            Output = new Protos.OutputOptions { Logprobs = 21 },
        };

        RpcException refusal = await FailureOf(request);

        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Google.Rpc.Status status = refusal.GetRpcStatus()!;
        Assert.Equal((int)StatusCode.InvalidArgument, status.Code);
        Assert.Equal(
            [
                "messages[1].role", "messages[2].role", "mode", "sampling.top_p", "sampling.stop_token_ids[0]", "sampling.n",
                "output.logprobs", "budget.max_steps",
            ],
            status.GetDetail<BadRequest>()!.FieldViolations.Select(violation => violation.Field));
        Assert.Contains("sampling.top_p: must be above 0 and at most 1, not NaN.", refusal.Status.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(status.GetDetail<RequestInfo>()!.RequestId);
    }

    [Fact]
    public async Task A_prompt_that_is_absent_and_ids_beyond_the_vocabulary_are_refused()
    {
        RpcException absent = await Assert.ThrowsAsync<RpcException>(
            () => ReadAsync(_client.Generate(new Protos.GenerateRequest(), cancellationToken: Cancel)));
        RpcException beyond = await Assert.ThrowsAsync<RpcException>(
            () => _client.DetokenizeAsync(new Protos.DetokenizeRequest { Ids = { 1, 1_000 } }, cancellationToken: Cancel).ResponseAsync);

        Assert.Equal("prompt", Assert.Single(absent.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
        Assert.Equal("ids[1]", Assert.Single(beyond.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations).Field);
    }

    [Fact]
    public async Task A_refusal_that_is_bad_throughout_fits_in_the_trailers_that_clients_accept()
    {
        var request = new Protos.ChatRequest
        {
            Sampling = new Protos.Sampling { StopTokenIds = { Enumerable.Repeat(uint.MaxValue, 10_000) } },
        };

        RpcException refusal = await FailureOf(request);

        Assert.Equal(16, refusal.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Count);
        int bytes = refusal.Status.Detail.Length
            + refusal.Trailers.Sum(entry => entry.IsBinary ? entry.ValueBytes.Length * 4 / 3 : entry.Value.Length);
        Assert.InRange(bytes, 1, 8_000);
    }

    [Fact]
    public async Task A_full_queue_says_when_to_come_back()
    {
        _grains.OnChat = (_, _) => throw new QueueFullException(TimeSpan.FromSeconds(1.25), "The queue holds 64 requests.");

        RpcException refusal = await FailureOf(Question);

        Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
        Assert.Equal("The queue holds 64 requests.", refusal.Status.Detail);
        Assert.Equal(TimeSpan.FromSeconds(1.25), refusal.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan());
        Assert.Equal("1250", refusal.Trailers.GetValue("grpc-retry-pushback-ms"));
    }

    [Fact]
    public async Task A_loading_model_says_when_to_come_back_and_a_broken_one_not_to()
    {
        _grains.OnChat = (_, _) => throw new ModelUnavailableException("tiny", TimeSpan.FromSeconds(5), "tiny is loading.");
        RpcException loading = await FailureOf(Question);
        _grains.OnChat = (_, _) => throw new ModelUnavailableException("tiny", null, "tiny has no tensors.");
        RpcException broken = await FailureOf(Question);

        Assert.Equal((StatusCode.Unavailable, "tiny is loading."), (loading.StatusCode, loading.Status.Detail));
        Assert.Equal(TimeSpan.FromSeconds(5), loading.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan());
        Assert.Equal("5000", loading.Trailers.GetValue("grpc-retry-pushback-ms"));
        Assert.Equal((StatusCode.Unavailable, "tiny has no tensors."), (broken.StatusCode, broken.Status.Detail));
        Assert.Null(broken.GetRpcStatus()!.GetDetail<RetryInfo>());
        Assert.Equal("-1", broken.Trailers.GetValue("grpc-retry-pushback-ms"));
    }

    [Fact]
    public async Task An_unknown_model_is_not_found()
    {
        _grains.OnTokenize = (model, _, _) => throw new ModelNotFoundException(model, $"There is no model '{model}'.");

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(
            () => _client.TokenizeAsync(new Protos.TokenizeRequest { Model = "qwen4" }, cancellationToken: Cancel).ResponseAsync);

        Assert.Equal((StatusCode.NotFound, "There is no model 'qwen4'."), (refusal.StatusCode, refusal.Status.Detail));
    }

    [Fact]
    public async Task A_silo_that_does_not_answer_is_unavailable()
    {
        _grains.OnChat = (_, _) => throw new TimeoutException("Response did not arrive on time in 00:00:30 for message: …");

        RpcException failure = await FailureOf(Question);

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.DoesNotContain("message:", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_of_the_server_tells_the_request_and_not_the_cause()
    {
        _grains.OnChat = (_, _) => throw new InvalidOperationException("secret");

        RpcException failure = await FailureOf(Question);

        string requestId = failure.GetRpcStatus()!.GetDetail<RequestInfo>()!.RequestId;
        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.Equal($"The server failed at the request {requestId}; its log has the cause under that id.", failure.Status.Detail);
        Assert.Contains(requestId, _grains.Keys);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_in_mid_stream_comes_after_the_events_before_it()
    {
        _grains.OnChat = (_, _) => FakeGrains.Answer().Take(2).ToAsyncEnumerable().Concat(Fail());
        using AsyncServerStreamingCall<Protos.ReplyEvent> call = _client.Chat(Question, cancellationToken: Cancel);
        List<Protos.ReplyEvent> events = [];

        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (Protos.ReplyEvent reply in call.ResponseStream.ReadAllAsync(Cancel))
            {
                events.Add(reply);
            }
        });

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal(2, events.Count);

        static async IAsyncEnumerable<ReplyEvent> Fail()
        {
            await Task.Yield();
            throw new ModelUnavailableException("tiny", null, "A shard is gone.");
#pragma warning disable CS0162 // Unreachable, but it makes this an iterator.
            yield break;
#pragma warning restore CS0162
        }
    }

    [Fact]
    public async Task Cancelling_the_call_ends_the_enumeration_at_once()
    {
        var ended = new TaskCompletionSource();
        _grains.OnChat = (_, token) => FakeGrains.Endless(ended, token);
        using var cancel = new CancellationTokenSource();
        using AsyncServerStreamingCall<Protos.ReplyEvent> call = _client.Chat(Question, cancellationToken: cancel.Token);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        await cancel.CancelAsync();

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(call));
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
    }

    [Fact]
    public async Task A_deadline_ends_the_enumeration()
    {
        var ended = new TaskCompletionSource();
        _grains.OnChat = (_, token) => FakeGrains.Endless(ended, token);

        RpcException failure = await Assert.ThrowsAsync<RpcException>(
            () => ReadAsync(_client.Chat(Question, deadline: DateTime.UtcNow.AddSeconds(2), cancellationToken: Cancel)));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    public async ValueTask InitializeAsync()
    {
        _server = await GatewayServer.StartAsync(_grains);
        _client = new TextGenerationClient(_server.Channel);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private Task<RpcException> FailureOf(Protos.ChatRequest request) =>
        Assert.ThrowsAsync<RpcException>(() => ReadAsync(_client.Chat(request, cancellationToken: Cancel)));

    private static Task<List<Protos.ReplyEvent>> ReadAsync(AsyncServerStreamingCall<Protos.ReplyEvent> call) =>
        call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel).AsTask();
}
