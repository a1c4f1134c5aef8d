using System.Text.Json;
using Grpc.Core;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.IntegrationTests.Silo;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;
using static Qwen3.Cluster.Protos.TextGeneration;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>Client, front door, grains, engine and model together, in one process: nothing is played.</summary>
public sealed class WholeServerTests : IAsyncLifetime
{
    private readonly HookedBackends _backend = new();
    private GatewayServer _server = null!;
    private Qwen3Client _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_question_is_answered_from_its_first_event_to_its_last()
    {
        List<Protos.ReplyEvent> events = await _client.ChatAsync(Question(seed: 5), Cancel).ToListAsync(Cancel);

        Protos.ReplyStarted started = events[0].Started;
        Protos.ReplyFinished finished = events[^1].Finished;
        Assert.Equal(("tiny", 5ul), (started.Model, started.Seed));
        Assert.True(started.PromptTokens > 10);
        Assert.All(events[1..^1], reply => Assert.NotNull(reply.Delta));
        Assert.Equal(24, events[1..^1].Sum(reply => reply.Delta.TokenIds.Count));
        Assert.Equal(24, events[1..^1].Sum(reply => reply.Delta.Logprobs.Count));
        Assert.Equal(
            (Protos.FinishReason.Length, started.PromptTokens, 24u),
            (finished.Reason, finished.Usage.PromptTokens, finished.Usage.ReplyTokens));
        TimeSpan toFirstToken = finished.Usage.TimeToFirstToken.ToTimeSpan();
        Assert.InRange(toFirstToken, TimeSpan.FromTicks(1), finished.Usage.Duration.ToTimeSpan());
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_tokens_and_another_seed_others()
    {
        uint[] first = await TokensOf(seed: 1);
        uint[] again = await TokensOf(seed: 1);
        uint[] other = await TokensOf(seed: 2);

        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public async Task Tokens_make_their_text_again_and_models_are_listed()
    {
        const string Text = "<|im_start|>Zürich 47 + 38 = 85 😀<|im_end|>";
        IReadOnlyList<uint> ids = await _client.TokenizeAsync(Text, cancellationToken: Cancel);
        IReadOnlyList<uint> plain = await _client.TokenizeAsync(Text, plain: true, cancellationToken: Cancel);
        Protos.ModelInfo model = Assert.Single(await _client.ListModelsAsync(Cancel));

        Assert.Equal(Text, await _client.DetokenizeAsync(ids, cancellationToken: Cancel));
        Assert.Equal("Zürich 47 + 38 = 85 😀", await _client.DetokenizeAsync(ids, skipSpecial: true, cancellationToken: Cancel));
        Assert.True(plain.Count > ids.Count);
        Assert.Equal(
            ("tiny", "Qwen3MoeForCausalLM", 16u, 4u, (uint)TinyChatModel.VocabularySize),
            (model.Name, model.Architecture, model.Experts, model.ExpertsPerToken, model.VocabularySize));
    }

    [Fact]
    public async Task Refusals_name_what_only_the_model_knows()
    {
        Qwen3ClientException beyond = await FailureOf(_client.GenerateAsync(
            new Protos.GenerateRequest { Tokens = new Protos.TokenIds { Ids = { 1, TinyChatModel.VocabularySize } } }, Cancel));
        Qwen3ClientException tooLong = await FailureOf(_client.ChatAsync(new string('a', TinyChatModel.MaxPositions), Cancel));
        Qwen3ClientException unknown = await FailureOf(_client.ChatAsync(
            new Protos.ChatRequest { Model = "qwen4", Messages = { new Protos.Message { Role = Protos.Role.User } } }, Cancel));

        Assert.Equal("tokens.ids[1]", Assert.Single(beyond.Violations).Field);
        Assert.Equal("messages", Assert.Single(tooLong.Violations).Field);
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Cancelling_stops_the_work_within_a_step()
    {
        int steps = 0;
        _backend.BeforeStep = () =>
        {
            Interlocked.Increment(ref steps);
            Thread.Sleep(50);
        };
        using var cancel = new CancellationTokenSource();
        int stepsAtCancel = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Protos.ReplyEvent reply in _client.ChatAsync(Question(seed: 1, maxTokens: 400), cancel.Token))
            {
                if (reply.Delta is not null && !cancel.IsCancellationRequested)
                {
                    stepsAtCancel = Volatile.Read(ref steps);
                    await cancel.CancelAsync();
                }
            }
        });

        await WaitUntilIdle();
        Assert.InRange(Volatile.Read(ref steps), stepsAtCancel, stepsAtCancel + 30);
    }

    [Fact]
    public async Task A_full_queue_is_refused_with_a_hint_and_the_client_comes_back_by_itself()
    {
        using var gate = new ManualResetEventSlim();
        _backend.BeforeStep = () => gate.Wait(TimeSpan.FromMilliseconds(200));
        Task<Reply> running = _client.ChatAsync(Question(seed: 1, maxTokens: 400), Cancel).ToReplyAsync(cancellationToken: Cancel);
        await WaitUntil(status => status.Running == 1);
        Task<Reply> waiting = _client.ChatAsync(Question(seed: 2), Cancel).ToReplyAsync(cancellationToken: Cancel);
        await WaitUntil(status => status.Waiting == 1);

        using var bare = new Qwen3Client(_server.Channel);
        Qwen3ClientException refusal = await FailureOf(bare.ChatAsync(Question(seed: 3), Cancel));
        Task<Reply> patient = _client.ChatAsync(Question(seed: 3), Cancel).ToReplyAsync(cancellationToken: Cancel);
        gate.Set();

        Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
        Assert.True(refusal.RetryAfter > TimeSpan.Zero);
        Reply[] replies = await Task.WhenAll(running, waiting, patient);
        Assert.All(replies, reply => Assert.True(reply.Finish.Usage.ReplyTokens >= 24));
    }

    [Fact]
    public async Task A_failing_backend_is_told_without_its_stack_and_the_next_request_is_served()
    {
        _backend.BeforeStep = () => throw new InvalidOperationException("secret");
        using var bare = new Qwen3Client(_server.Channel);
        Qwen3ClientException failure = await FailureOf(bare.ChatAsync(Question(seed: 1), Cancel));
        _backend.BeforeStep = () => { };
        Reply reply = await _client.ChatAsync(Question(seed: 1), Cancel).ToReplyAsync(cancellationToken: Cancel);

        Assert.True(failure.StatusCode is StatusCode.Unavailable or StatusCode.Internal, $"{failure.StatusCode}");
        Assert.DoesNotContain(" at Qwen3", failure.Message, StringComparison.Ordinal);
        Assert.Equal(24u, reply.Finish.Usage.ReplyTokens);
    }

    [Fact]
    public async Task A_client_that_is_not_ours_is_served_as_well()
    {
        JsonElement health = await ForeignClient.RunAsync("health", _server.Address);
        JsonElement chat = await ForeignClient.RunAsync("chat", _server.Address);
        JsonElement refusal = await ForeignClient.RunAsync("refusal", _server.Address);
        JsonElement cancelled = await ForeignClient.RunAsync("cancel", _server.Address);

        Assert.Equal("SERVING", health.GetProperty("status").GetString());
        Assert.Equal("tiny", chat.GetProperty("started").GetProperty("model").GetString());
        Assert.Equal(64, chat.GetProperty("finished").GetProperty("usage").GetProperty("reply_tokens").GetInt32());
        Assert.Equal(3, refusal.GetProperty("details")[0].GetProperty("field_violations").GetArrayLength());
        Assert.Equal("CANCELLED", cancelled.GetProperty("code").GetString());
        await WaitUntilIdle();
    }

    public async ValueTask InitializeAsync()
    {
        _server = await GatewayServer.StartAsync(
            options => options.Models =
            [
                new ModelOptions
                {
                    Name = "tiny", Directory = TinyChatModel.Moe.Value, Backend = _backend.Name, CacheTokens = 1024, MaxSequences = 1,
                    MaxWaiting = 1,
                },
            ],
            _backend);
        _client = new Qwen3Client(_server.Address.ToString());
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _server.DisposeAsync();
    }

    private static Protos.ChatRequest Question(ulong seed, uint maxTokens = 24) => new()
    {
        Messages = { new Protos.Message { Role = Protos.Role.User, Content = "What is 47 + 38?" } },
        Sampling = new Protos.Sampling { Seed = seed, Temperature = 1, TopP = 1, TopK = 0, MaxTokens = maxTokens },
        Output = new Protos.OutputOptions { TokenIds = true, Logprobs = 0 },
    };

    private async Task<uint[]> TokensOf(ulong seed) =>
        await _client.ChatAsync(Question(seed), Cancel).SelectMany(reply => reply.Delta?.TokenIds ?? []).ToArrayAsync(Cancel);

    private static Task<Qwen3ClientException> FailureOf(IAsyncEnumerable<Protos.ReplyEvent> events) =>
        Assert.ThrowsAsync<Qwen3ClientException>(async () => await events.ToListAsync(Cancel));

    private Task WaitUntilIdle() => WaitUntil(status => status is { Running: 0, Waiting: 0 });

    private async Task WaitUntil(Func<RouterStatus, bool> condition)
    {
        var router = _server.Grains.GetGrain<IRouterGrain>(new ModelGrainKey("tiny", 0).ToString());
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition(await router.GetStatus()))
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
