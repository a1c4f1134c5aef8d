using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Qwen3.Cluster.Contracts.Messages;
using static Qwen3.Cluster.Protos.TextGeneration;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>What arrives at the grains, and what comes back to the client.</summary>
public sealed class TextGenerationServiceTests : IAsyncLifetime
{
    private readonly FakeGrains _grains = new();
    private GatewayServer _server = null!;
    private TextGenerationClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_field_of_a_chat_reaches_the_grain()
    {
        ChatCall? seen = null;
        _grains.OnChat = (call, _) =>
        {
            seen = call;
            return FakeGrains.Answer().ToAsyncEnumerable();
        };
        var request = new Protos.ChatRequest
        {
            Model = "m",
            Messages =
            {
                new Protos.Message { Role = Protos.Role.System, Content = "s" },
                new Protos.Message { Role = Protos.Role.User, Content = "u" },
                new Protos.Message
                {
                    Role = Protos.Role.Assistant, Content = "a", Thinking = "t",
                    ToolCalls = { new Protos.ToolCall { Name = "f", ArgumentsJson = "{}" } },
                },
                new Protos.Message { Role = Protos.Role.Tool, Content = "r" },
            },
            Tools = { "{\"name\": \"f\"}" },
            Mode = Protos.Mode.Deep,
            Sampling = new Protos.Sampling
            {
                Temperature = 0.5f, TopP = 0.25f, TopK = 20, MinP = 0.125f, PresencePenalty = 1.5f, FrequencyPenalty = -1.5f,
                RepetitionPenalty = 1.25f, Seed = ulong.MaxValue, Stop = { "x", "y" }, StopTokenIds = { 5, 6 }, MaxTokens = 100, N = 3,
            },
            Budget = new Protos.ThinkingBudget { MaxSteps = 4, MaxThinkingTokens = 0 },
            MaxDraftTokens = 0,
            Output = new Protos.OutputOptions { Logprobs = 2 },
        };

        await ReadAsync(_client.Chat(request, cancellationToken: Cancel));

        Assert.NotNull(seen);
        Assert.Equal("m", seen.Model);
        Assert.Equal(
            [(ChatRole.System, "s"), (ChatRole.User, "u"), (ChatRole.Assistant, "a"), (ChatRole.Tool, "r")],
            seen.Messages.Select(message => (message.Role, message.Content)));
        Assert.Equal("t", seen.Messages[2].Thinking);
        Assert.Equal(new ToolCall { Name = "f", ArgumentsJson = "{}" }, Assert.Single(seen.Messages[2].ToolCalls));
        Assert.Equal(["{\"name\": \"f\"}"], seen.Tools);
        Assert.Equal(ReplyMode.Deep, seen.Mode);
        Assert.Equal(["x", "y"], seen.Sampling.Stop);
        Assert.Equal([5, 6], seen.Sampling.StopTokenIds);
        SamplingSettings sampling = seen.Sampling with { Stop = null!, StopTokenIds = null! };
        Assert.Equal(
            new SamplingSettings
            {
                Temperature = 0.5f, TopP = 0.25f, TopK = 20, MinP = 0.125f, PresencePenalty = 1.5f, FrequencyPenalty = -1.5f,
                RepetitionPenalty = 1.25f, Seed = ulong.MaxValue, Stop = null!, StopTokenIds = null!, MaxTokens = 100, SampleCount = 3,
                Logprobs = 2,
            },
            sampling);
        Assert.Equal(new BudgetSettings { MaxSteps = 4, MaxThinkingTokens = 0 }, seen.Budget);
        Assert.Equal(0, seen.MaxDraftTokens);
    }

    [Fact]
    public async Task What_a_request_leaves_out_is_left_to_the_model()
    {
        ChatCall? seen = null;
        _grains.OnChat = (call, _) =>
        {
            seen = call;
            return FakeGrains.Answer().ToAsyncEnumerable();
        };

        await ReadAsync(_client.Chat(
            new Protos.ChatRequest { Messages = { new Protos.Message { Role = Protos.Role.User } } }, cancellationToken: Cancel));

        Assert.NotNull(seen);
        Assert.Equal("", seen.Model);
        Assert.Equal(ReplyMode.Default, seen.Mode);
        Assert.Empty(seen.Sampling.Stop);
        Assert.Equal(
            new SamplingSettings { Stop = null!, StopTokenIds = null! }, seen.Sampling with { Stop = null!, StopTokenIds = null! });
        Assert.Equal(new BudgetSettings(), seen.Budget);
        Assert.Null(seen.MaxDraftTokens);
    }

    [Fact]
    public async Task A_text_or_tokens_reach_the_grain()
    {
        List<GenerateCall> seen = [];
        _grains.OnGenerate = (call, _) =>
        {
            seen.Add(call);
            return FakeGrains.Answer().ToAsyncEnumerable();
        };

        await ReadAsync(_client.Generate(
            new Protos.GenerateRequest
            {
                Model = "m", Text = "Once", MaxDraftTokens = 6, Sampling = new Protos.Sampling { TopK = 1 },
                Budget = new Protos.ThinkingBudget { MaxSteps = 2 }, Output = new Protos.OutputOptions { Logprobs = 0 },
            },
            cancellationToken: Cancel));
        await ReadAsync(_client.Generate(
            new Protos.GenerateRequest { Tokens = new Protos.TokenIds { Ids = { 3, uint.MaxValue } } }, cancellationToken: Cancel));

        Assert.Equal(("m", "Once", null), (seen[0].Model, seen[0].Text, seen[0].TokenIds));
        Assert.Equal((1, 0, 2), (seen[0].Sampling.TopK, seen[0].Sampling.Logprobs, seen[0].Budget.MaxSteps));
        Assert.Equal([6, null], seen.Select(call => call.MaxDraftTokens));
        Assert.Null(seen[1].Text);
        Assert.Equal([3, int.MaxValue], seen[1].TokenIds!);
    }

    [Fact]
    public async Task Every_field_of_an_event_reaches_the_client()
    {
        var logprob = new TokenLogprob { TokenId = 4, Text = "d", Logprob = -0.5f, Top = [new TokenLogprob { TokenId = 5, Text = "e" }] };
        _grains.OnChat = (_, _) => new ReplyEvent[]
        {
            new ReplyStarted { RequestId = "r", Model = "tiny", PromptTokens = 7, Seed = ulong.MaxValue },
            new ReplyDelta { Sample = 1, Part = ReplyPart.Thinking, Text = "t", TokenIds = [4], Logprobs = [logprob] },
            new ReplyDelta { Part = ReplyPart.Answer, Text = "a" },
            new ReplyFinished
            {
                Sample = 1, Reason = FinishReason.Length, MatchedStop = "x",
                Usage = new ReplyUsage
                {
                    PromptTokens = 7, CachedPromptTokens = 6, ThinkingTokens = 5, ReplyTokens = 8, ThinkingSteps = 2,
                    DraftedTokens = 11, AcceptedTokens = 9, ThinkingEnd = ThinkingEnd.Steps, TimeToFirstToken = TimeSpan.FromMilliseconds(12), Duration = TimeSpan.FromSeconds(3),
                },
            },
        }.ToAsyncEnumerable();

        List<Protos.ReplyEvent> events = await ReadAsync(_client.Chat(
            new Protos.ChatRequest { Output = new Protos.OutputOptions { TokenIds = true } }, cancellationToken: Cancel));

        Assert.Equal(
        [
            new Protos.ReplyEvent
            {
                Started = new Protos.ReplyStarted { RequestId = "r", Model = "tiny", PromptTokens = 7, Seed = ulong.MaxValue },
            },
            new Protos.ReplyEvent
            {
                Delta = new Protos.ReplyDelta
                {
                    Sample = 1, Part = Protos.ReplyPart.Thinking, Text = "t", TokenIds = { 4 },
                    Logprobs =
                    {
                        new Protos.TokenLogprob
                        {
                            TokenId = 4, Text = "d", Logprob = -0.5f, Top = { new Protos.TokenLogprob { TokenId = 5, Text = "e" } },
                        },
                    },
                },
            },
            new Protos.ReplyEvent { Delta = new Protos.ReplyDelta { Part = Protos.ReplyPart.Answer, Text = "a" } },
            new Protos.ReplyEvent
            {
                Finished = new Protos.ReplyFinished
                {
                    Sample = 1, Reason = Protos.FinishReason.Length, MatchedStop = "x",
                    Usage = new Protos.Usage
                    {
                        PromptTokens = 7, CachedPromptTokens = 6, ThinkingTokens = 5, ReplyTokens = 8, ThinkingSteps = 2,
                        DraftedTokens = 11, AcceptedTokens = 9, ThinkingEnd = Protos.ThinkingEnd.Steps, TimeToFirstToken = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(12)),
                        Duration = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)),
                    },
                },
            },
        ],
        events);
    }

    [Fact]
    public async Task Token_ids_are_sent_only_when_asked_for()
    {
        List<Protos.ReplyEvent> events = await ReadAsync(
            _client.Generate(new Protos.GenerateRequest { Text = "x" }, cancellationToken: Cancel));

        Assert.Equal(["Hm.", "85"], events.Where(reply => reply.Delta is not null).Select(reply => reply.Delta.Text));
        Assert.All(events, reply => Assert.Empty(reply.Delta?.TokenIds ?? []));
    }

    [Fact]
    public async Task Each_call_has_a_gateway_grain_of_its_own()
    {
        await ReadAsync(_client.Generate(new Protos.GenerateRequest { Text = "x" }, cancellationToken: Cancel));
        await ReadAsync(_client.Generate(new Protos.GenerateRequest { Text = "x" }, cancellationToken: Cancel));

        Assert.Equal(2, _grains.Keys.OfType<string>().Where(key => key.Length == 32).Distinct().Count());
    }

    [Fact]
    public async Task Models_tokens_and_texts_are_passed_on()
    {
        List<object> seen = [];
        _grains.OnTokenize = (model, text, plain) =>
        {
            seen.Add((model, text, plain));
            return [1, 2];
        };
        _grains.OnDetokenize = (model, ids, skipSpecial) =>
        {
            seen.Add((model, string.Join(',', ids), skipSpecial));
            return "text";
        };

        Protos.TokenizeResponse tokens = await _client.TokenizeAsync(
            new Protos.TokenizeRequest { Model = "m", Text = "t", Plain = true }, cancellationToken: Cancel);
        Protos.DetokenizeResponse text = await _client.DetokenizeAsync(
            new Protos.DetokenizeRequest { Model = "m", Ids = { 3, 4 }, SkipSpecial = true }, cancellationToken: Cancel);
        Protos.ListModelsResponse models = await _client.ListModelsAsync(new Protos.ListModelsRequest(), cancellationToken: Cancel);

        Assert.Equal([("m", "t", true), ("m", "3,4", true)], seen);
        Assert.Equal([1u, 2u], tokens.Ids);
        Assert.Equal("text", text.Text);
        Assert.Equal(
            new Protos.ModelInfo
            {
                Name = "tiny", Architecture = "Qwen3MoeForCausalLM", Parameters = 5_000_000_000, ActiveParameters = 700_000_000,
                Experts = 128, ExpertsPerToken = 8, MaxPositions = 40_960, VocabularySize = 1_000,
            },
            Assert.Single(models.Models));
    }

    public async ValueTask InitializeAsync()
    {
        _server = await GatewayServer.StartAsync(_grains);
        _client = new TextGenerationClient(_server.Channel);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static Task<List<Protos.ReplyEvent>> ReadAsync(AsyncServerStreamingCall<Protos.ReplyEvent> call) =>
        call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel).AsTask();
}
