using System.Diagnostics;
using Grpc.Core;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.IntegrationTests.Gateway;

namespace Qwen3.Cluster.IntegrationTests.Client;

public sealed class Qwen3ClientTests : IAsyncLifetime
{
    private readonly FakeGrains _grains = new();
    private GatewayServer _server = null!;
    private Qwen3Client _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_question_streams_thinking_and_answer()
    {
        List<Protos.ReplyEvent> events = await _client.ChatAsync("What is 47 + 38?", Cancel).ToListAsync(Cancel);

        Assert.Equal(
            [
                Protos.ReplyEvent.EventOneofCase.Started, Protos.ReplyEvent.EventOneofCase.Delta, Protos.ReplyEvent.EventOneofCase.Delta,
                Protos.ReplyEvent.EventOneofCase.Finished,
            ],
            events.Select(reply => reply.EventCase));
    }

    [Fact]
    public async Task A_reply_can_be_had_whole()
    {
        _grains.OnGenerate = (_, _) => FakeGrains.Answer("Hm.", "85").Take(3)
            .Concat([new ReplyDelta { Sample = 1, Part = ReplyPart.Answer, Text = "86" }])
            .Concat([Finished(1, FinishReason.Length), Finished(0, FinishReason.Stop)]).ToAsyncEnumerable();
        var request = new Protos.GenerateRequest { Text = "47 + 38 =" };

        Reply first = await _client.GenerateAsync(request, Cancel).ToReplyAsync(cancellationToken: Cancel);
        Reply second = await _client.GenerateAsync(request, Cancel).ToReplyAsync(1, Cancel);

        Assert.Equal(("Hm.", "85", Protos.FinishReason.Stop), (first.Thinking, first.Answer, first.Finish.Reason));
        Assert.Equal(("", "86", Protos.FinishReason.Length), (second.Thinking, second.Answer, second.Finish.Reason));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _client.GenerateAsync(request, Cancel).ToReplyAsync(2, Cancel));
    }

    [Fact]
    public async Task Models_tokens_and_texts()
    {
        Assert.Equal(["tiny"], (await _client.ListModelsAsync(Cancel)).Select(model => model.Name));
        IReadOnlyList<uint> ids = await _client.TokenizeAsync("Hé", cancellationToken: Cancel);
        Assert.Equal([72u, 233u], ids);
        Assert.Equal("Hé", await _client.DetokenizeAsync(ids, cancellationToken: Cancel));
    }

    [Fact]
    public async Task A_refusal_names_the_fields()
    {
        var request = new Protos.ChatRequest { Sampling = new Protos.Sampling { TopP = 1.5f } };

        Qwen3ClientException refusal = await Assert.ThrowsAsync<Qwen3ClientException>(
            () => _client.ChatAsync(request, Cancel).ToReplyAsync(cancellationToken: Cancel));

        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.Equal(
            [
                new Qwen3.Cluster.Client.FieldViolation("messages", "must hold at least one message."),
                new Qwen3.Cluster.Client.FieldViolation("sampling.top_p", "must be above 0 and at most 1, not 1.5."),
            ],
            refusal.Violations);
        Assert.StartsWith("The request is invalid: messages: must hold", refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(refusal.RequestId);
        Assert.Null(refusal.RetryAfter);
    }

    [Fact]
    public async Task A_full_queue_is_tried_again_when_the_server_says()
    {
        int tries = 0;
        _grains.OnChat = (_, _) => ++tries < 3
            ? throw new QueueFullException(TimeSpan.FromMilliseconds(200), "Full.")
            : FakeGrains.Answer().ToAsyncEnumerable();
        var clock = Stopwatch.StartNew();

        Reply reply = await _client.ChatAsync("Hi", Cancel).ToReplyAsync(cancellationToken: Cancel);

        Assert.Equal("85", reply.Answer);
        Assert.Equal(3, tries);
        Assert.True(clock.Elapsed >= TimeSpan.FromMilliseconds(390), $"It came back too early: {clock.Elapsed}.");
    }

    [Fact]
    public async Task A_queue_that_stays_full_is_told_after_the_last_try()
    {
        int tries = 0;
        _grains.OnChat = (_, _) =>
        {
            tries++;
            throw new QueueFullException(TimeSpan.FromMilliseconds(20), "Full.");
        };

        Qwen3ClientException refusal = await Assert.ThrowsAsync<Qwen3ClientException>(
            () => _client.ChatAsync("Hi", Cancel).ToReplyAsync(cancellationToken: Cancel));

        Assert.Equal((StatusCode.ResourceExhausted, "Full."), (refusal.StatusCode, refusal.Message));
        Assert.Equal(TimeSpan.FromMilliseconds(20), refusal.RetryAfter);
        Assert.Equal(Qwen3Client.MaxAttempts, tries);
    }

    [Fact]
    public async Task A_model_that_will_not_load_is_asked_once()
    {
        int tries = 0;
        _grains.OnChat = (_, _) =>
        {
            tries++;
            throw new ModelUnavailableException("tiny", null, "It has no tensors.");
        };

        Qwen3ClientException refusal = await Assert.ThrowsAsync<Qwen3ClientException>(
            () => _client.ChatAsync("Hi", Cancel).ToReplyAsync(cancellationToken: Cancel));

        Assert.Equal((StatusCode.Unavailable, "It has no tensors.", 1), (refusal.StatusCode, refusal.Message, tries));
    }

    [Fact]
    public async Task A_reply_that_has_begun_is_not_begun_again()
    {
        int tries = 0;
        _grains.OnChat = (_, _) =>
        {
            tries++;
            return BreakOff();
        };

        await Assert.ThrowsAsync<Qwen3ClientException>(() => _client.ChatAsync("Hi", Cancel).ToReplyAsync(cancellationToken: Cancel));

        Assert.Equal(1, tries);

        static async IAsyncEnumerable<ReplyEvent> BreakOff()
        {
            yield return new ReplyStarted { RequestId = "r", Model = "tiny" };
            await Task.Yield();
            throw new ModelUnavailableException("tiny", TimeSpan.Zero, "A shard is gone.");
        }
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said_to_be_out_of_reach()
    {
        using var client = new Qwen3Client("http://127.0.0.1:1", options => options.ServiceConfig = null);

        Qwen3ClientException failure = await Assert.ThrowsAsync<Qwen3ClientException>(() => client.ListModelsAsync(Cancel));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.StartsWith("The server cannot be reached: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_is_an_OperationCanceledException_and_stops_the_work()
    {
        var ended = new TaskCompletionSource();
        _grains.OnChat = (_, token) => FakeGrains.Endless(ended, token);
        using var cancel = new CancellationTokenSource();

        OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Protos.ReplyEvent _ in _client.ChatAsync("Hi", cancel.Token))
            {
                await cancel.CancelAsync();
            }
        });

        Assert.Equal(cancel.Token, cancelled.CancellationToken);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task Leaving_the_loop_stops_the_work()
    {
        var ended = new TaskCompletionSource();
        _grains.OnChat = (_, token) => FakeGrains.Endless(ended, token);

        await foreach (Protos.ReplyEvent _ in _client.ChatAsync("Hi", Cancel))
        {
            break;
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task A_conversation_remembers_thinking_and_answers_apart()
    {
        List<ChatCall> seen = [];
        _grains.OnChat = (call, _) =>
        {
            seen.Add(call);
            return FakeGrains.Answer("Hm.", "85").ToAsyncEnumerable();
        };
        var conversation = new Conversation(_client)
        {
            Request = { Mode = Protos.Mode.Deep, Messages = { new Protos.Message { Role = Protos.Role.System, Content = "Be brief." } } },
        };

        await conversation.AskAsync("What is 47 + 38?", Cancel).ToListAsync(Cancel);
        conversation.Request.Mode = Protos.Mode.Fast;
        await conversation.AskAsync("Sure?", Cancel).ToListAsync(Cancel);

        Assert.Equal([ReplyMode.Deep, ReplyMode.Fast], seen.Select(call => call.Mode));
        Assert.Equal(
            [
                (ChatRole.System, "Be brief.", ""), (ChatRole.User, "What is 47 + 38?", ""), (ChatRole.Assistant, "85", "Hm."),
                (ChatRole.User, "Sure?", ""),
            ],
            seen[1].Messages.Select(message => (message.Role, message.Content, message.Thinking)));
        Assert.Equal(5, conversation.Request.Messages.Count);
    }

    [Fact]
    public async Task A_reply_that_is_cut_short_leaves_the_conversation_as_it_was()
    {
        var conversation = new Conversation(_client);
        _grains.OnChat = (_, token) => FakeGrains.Endless(new TaskCompletionSource(), token);
        await foreach (Protos.ReplyEvent _ in conversation.AskAsync("Hi", Cancel))
        {
            break;
        }

        _grains.OnChat = (_, _) => throw new ModelUnavailableException("tiny", null, "It has no tensors.");
        await Assert.ThrowsAsync<Qwen3ClientException>(async () => await conversation.AskAsync("Hi", Cancel).ToListAsync(Cancel));

        Assert.Empty(conversation.Request.Messages);
    }

    public async ValueTask InitializeAsync()
    {
        _server = await GatewayServer.StartAsync(_grains);
        _client = new Qwen3Client(_server.Address.ToString());
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _server.DisposeAsync();
    }

    private static ReplyFinished Finished(int sample, FinishReason reason) =>
        new() { Sample = sample, Reason = reason, Usage = new ReplyUsage() };
}
