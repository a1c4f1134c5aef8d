using Grpc.Core;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.IntegrationTests.Silo;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;
using Mode = Qwen3.Cluster.Protos.Mode;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>
/// The mode AUTO, the model "auto" and limits on activated parameters over gRPC: the model that comes along with four thresholds, and a
/// dense model that is smaller.
/// </summary>
public sealed class AutoTests(AutoTests.Server served) : IClassFixture<AutoTests.Server>
{
    private const string Easy = "What is 47 + 38?";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Qwen3Client Client => served.Client;

    [Theory]
    [InlineData("calibrated", Mode.Fast)]
    [InlineData("keeps", Mode.Fast)]
    [InlineData("drops", Mode.Deep)]
    [InlineData("doubts", Mode.Deep)]
    public async Task Auto_gives_token_for_token_what_the_mode_that_it_comes_to_gives(string model, Mode expected)
    {
        foreach (float temperature in new[] { 0f, 1f })
        {
            List<Protos.ReplyEvent> auto = await Ask(model, Mode.Auto, Easy, temperature);
            List<Protos.ReplyEvent> plain = await Ask(model, expected, Easy, temperature);

            Assert.Equal(Tokens(plain), Tokens(auto));
            Protos.ReplyStarted started = Assert.Single(auto, reply => reply.Started is not null).Started;
            Assert.Equal((auto[0].Started, plain[0].Started.PromptTokens), (started, started.PromptTokens));
            Assert.DoesNotContain("/", started.RequestId, StringComparison.Ordinal);
            Protos.Usage usage = Finished(auto).Usage;
            Assert.Equal((expected, Finished(plain).Usage.ReplyTokens), (usage.Mode, usage.ReplyTokens));
            Assert.All(auto, reply => Assert.Empty(reply.Delta?.Logprobs ?? []));

            // Nothing is as sure as 1, which shows after a few tokens; 1.01 needs none to be missed.
            Assert.Equal(model == "doubts", usage.DroppedTokens > 0);
        }
    }

    [Theory]
    [InlineData("keeps", Easy + " /think", Mode.Deep)]
    [InlineData("drops", Easy + " /no_think", Mode.Fast)]
    public async Task A_word_of_the_user_decides(string model, string question, Mode expected)
    {
        Protos.Usage usage = Finished(await Ask(model, Mode.Auto, question)).Usage;
        Assert.Equal((expected, 0u), (usage.Mode, usage.DroppedTokens));
        Assert.Equal(expected == Mode.Deep, usage.ThinkingTokens > 0);
    }

    [Fact]
    public async Task What_the_prompts_have_in_common_is_computed_once()
    {
        Protos.ChatRequest request = Request("doubts", Mode.Auto, Easy);
        for (int i = 0; i < 12; i++)
        {
            request.Messages.Insert(0, new Protos.Message { Role = Protos.Role.Assistant, Content = $"{i} + 60 = {i + 60}." });
            request.Messages.Insert(0, new Protos.Message { Role = Protos.Role.User, Content = $"What is {i} + 60?" });
        }

        Protos.Usage usage = Finished(await Client.ChatAsync(request, Cancel).ToListAsync(Cancel)).Usage;

        Assert.Equal(Mode.Deep, usage.Mode);
        Assert.True(usage.PromptTokens > 150, $"{usage.PromptTokens}");
        Assert.InRange(usage.CachedPromptTokens, usage.PromptTokens - 32, usage.PromptTokens);
    }

    [Fact]
    public async Task Of_several_replies_the_first_decides_for_all()
    {
        Protos.ChatRequest request = Request("doubts", Mode.Auto, Easy, temperature: 1);
        request.Sampling.N = 3;
        List<Protos.ReplyEvent> auto = await Client.ChatAsync(request, Cancel).ToListAsync(Cancel);
        request.Mode = Mode.Deep;
        List<Protos.ReplyEvent> deep = await Client.ChatAsync(request, Cancel).ToListAsync(Cancel);

        for (uint sample = 0; sample < 3; sample++)
        {
            Assert.Equal(Tokens(deep, sample), Tokens(auto, sample));
        }

        Assert.Equal(3, auto.Count(reply => reply.Finished?.Usage.Mode == Mode.Deep));
    }

    [Fact]
    public async Task It_stays_fast_where_the_time_is_too_short_for_a_paragraph_of_thinking()
    {
        // A step takes 20 ms at least: 64 tokens of thinking more than a second, eight of an answer a quarter of one.
        await using GatewayServer slow = await GatewayServer.StartAsync(
            options => options.Models =
            [
                new ModelOptions
                {
                    Name = "slow", Directory = TinyChatModel.Moe.Value, Backend = "hooked", CacheTokens = 1024, Auto = new AutoOptions { Threshold = 1 },
                },
            ],
            new HookedBackends { BeforeStep = () => Thread.Sleep(20) });
        using Qwen3Client client = new(slow.Channel);
        Protos.ChatRequest request = Request("slow", Mode.Fast, Easy);
        request.Sampling.MaxTokens = 24;
        await client.ChatAsync(request, Cancel).ToListAsync(Cancel);
        request.Sampling.MaxTokens = 8;
        request.Mode = Mode.Auto;

        Assert.Equal(Mode.Fast, await ModeWithin(TimeSpan.FromSeconds(1)));
        Assert.Equal(Mode.Deep, await ModeWithin(TimeSpan.FromSeconds(30)));

        async Task<Mode> ModeWithin(TimeSpan time)
        {
            request.Budget = new Protos.ThinkingBudget { ResponseTime = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(time) };
            return Finished(await client.ChatAsync(request, Cancel).ToListAsync(Cancel)).Usage.Mode;
        }
    }

    [Fact]
    public async Task A_client_that_leaves_leaves_nothing_behind()
    {
        foreach (string model in new[] { "keeps", "doubts" })
        {
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (Protos.ReplyEvent reply in Client.ChatAsync(Request(model, Mode.Auto, Easy), stop.Token))
                {
                    await stop.CancelAsync();
                }
            });

            var router = served.Gateway.Grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, 0).ToString());
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(60));
            while (await router.GetStatus() is not { Running: 0, Waiting: 0 })
            {
                await Task.Delay(10, limit.Token);
            }
        }
    }

    [Fact]
    public async Task A_limit_lowers_k_and_the_reply_says_so()
    {
        IReadOnlyList<Protos.Activation> activations = await Activations("keeps");
        Assert.Equal([1u, 2, 3, 4, 5, 6, 7, 8], activations.Select(activation => activation.ExpertsPerToken));

        List<Protos.ReplyEvent> all = await Limited("keeps", null);
        List<Protos.ReplyEvent> few = await Limited("keeps", activations[3].ActiveParameters - 1);
        List<Protos.ReplyEvent> any = await Limited("keeps", ulong.MaxValue);
        (Protos.Usage free, Protos.Usage three, Protos.Usage wide) = (Finished(all).Usage, Finished(few).Usage, Finished(any).Usage);
        Assert.Equal(Logprobs(all), Logprobs(any));
        Assert.NotEqual(Logprobs(all)[0], Logprobs(few)[0]);

        Assert.Equal((8u, activations[7].ActiveParameters), (free.ExpertsPerToken, free.ActiveParameters));
        Assert.Equal((3u, activations[2].ActiveParameters), (three.ExpertsPerToken, three.ActiveParameters));
        Assert.Equal(8u, wide.ExpertsPerToken);
        List<Protos.ReplyEvent> generated = await Client.GenerateAsync(
            new Protos.GenerateRequest
            {
                Model = "keeps", Text = "1", Sampling = new Protos.Sampling { MaxTokens = 2 },
                Budget = new Protos.ThinkingBudget { MaxActiveParameters = activations[0].ActiveParameters },
            },
            Cancel).ToListAsync(Cancel);
        Assert.Equal((1u, Mode.Unspecified), (Finished(generated).Usage.ExpertsPerToken, Finished(generated).Usage.Mode));
    }

    [Fact]
    public async Task The_model_auto_is_the_largest_that_the_limit_allows()
    {
        IReadOnlyList<Protos.Activation> activations = await Activations("calibrated");
        ulong dense = (await Activations("dense"))[0].ActiveParameters;
        Assert.True(dense < activations[0].ActiveParameters);

        List<Protos.ReplyEvent> free = await Limited("auto", null);
        List<Protos.ReplyEvent> two = await Limited("auto", activations[1].ActiveParameters);
        List<Protos.ReplyEvent> small = await Limited("auto", activations[0].ActiveParameters - 1);

        // Equals come in the order of the configuration.
        Assert.Equal(("calibrated", 8u), (free[0].Started.Model, Finished(free).Usage.ExpertsPerToken));
        Assert.Equal(("calibrated", 2u), (two[0].Started.Model, Finished(two).Usage.ExpertsPerToken));
        Assert.Equal(("dense", 0u, dense), (small[0].Started.Model, Finished(small).Usage.ExpertsPerToken, Finished(small).Usage.ActiveParameters));
    }

    [Fact]
    public async Task What_no_model_can_do_is_refused_in_words()
    {
        ulong least = (await Activations("keeps"))[0].ActiveParameters;
        ulong dense = (await Activations("dense"))[0].ActiveParameters;

        Qwen3ClientException named = await Failure(Limited("keeps", least - 1));
        Qwen3ClientException none = await Failure(Limited("auto", dense - 1));
        Qwen3ClientException ids = await Failure(Client.GenerateAsync(
            new Protos.GenerateRequest { Model = "auto", Tokens = new Protos.TokenIds { Ids = { 1 } } }, Cancel).ToListAsync(Cancel).AsTask());

        Assert.Equal("budget.max_active_parameters", Assert.Single(named.Violations).Field);
        Assert.Contains($"{least}", named.Message, StringComparison.Ordinal);
        Assert.Contains("'dense'", named.Message, StringComparison.Ordinal);
        Assert.Equal("budget.max_active_parameters", Assert.Single(none.Violations).Field);
        Assert.Contains($"{dense}", none.Message, StringComparison.Ordinal);
        Assert.Equal("tokens.ids", Assert.Single(ids.Violations).Field);
        Assert.All([named, none, ids], failure => Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode));
    }

    private static Protos.ChatRequest Request(string model, Mode mode, string question, float temperature = 0) => new()
    {
        Model = model,
        Mode = mode,
        Messages = { new Protos.Message { Role = Protos.Role.User, Content = question } },
        Sampling = new Protos.Sampling { Temperature = temperature, Seed = 4, MaxTokens = 256 },
        Output = new Protos.OutputOptions { TokenIds = true },
    };

    private static uint[] Tokens(IEnumerable<Protos.ReplyEvent> events, uint sample = 0) =>
        [.. events.Where(reply => reply.Delta?.Sample == sample).SelectMany(reply => reply.Delta.TokenIds)];

    private static float[] Logprobs(IEnumerable<Protos.ReplyEvent> events) =>
        [.. events.SelectMany(reply => reply.Delta?.Logprobs ?? []).Select(token => token.Logprob)];

    private static Protos.ReplyFinished Finished(IEnumerable<Protos.ReplyEvent> events) => events.Single(reply => reply.Finished is not null).Finished;

    private static Task<Qwen3ClientException> Failure(Task asking) => Assert.ThrowsAsync<Qwen3ClientException>(() => asking);

    private async Task<List<Protos.ReplyEvent>> Ask(string model, Mode mode, string question, float temperature = 0) =>
        await Client.ChatAsync(Request(model, mode, question, temperature), Cancel).ToListAsync(Cancel);

    private Task<List<Protos.ReplyEvent>> Limited(string model, ulong? limit)
    {
        Protos.ChatRequest request = Request(model, Mode.Fast, Easy);
        request.Sampling.MaxTokens = 4;
        request.Output.Logprobs = 0;
        request.Budget = new Protos.ThinkingBudget();
        if (limit is { } most)
        {
            request.Budget.MaxActiveParameters = most;
        }

        return Client.ChatAsync(request, Cancel).ToListAsync(Cancel).AsTask();
    }

    private async Task<IReadOnlyList<Protos.Activation>> Activations(string model) =>
        (await Client.ListModelsAsync(Cancel)).Single(each => each.Name == model).Activations;

    /// <summary>One server for all tests.</summary>
    public sealed class Server : IAsyncLifetime
    {
        internal GatewayServer Gateway { get; private set; } = null!;

        internal Qwen3Client Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Gateway = await GatewayServer.StartAsync(
                options => options.Models =
                [
                    new ModelOptions { Name = "dense", Directory = TinyChatModel.Dense.Value, CacheTokens = 1024 },
                    Embedded("calibrated", null),
                    Embedded("keeps", 0),
                    Embedded("drops", 1.01),
                    Embedded("doubts", 1),
                ],
                new HookedBackends());
            Client = new Qwen3Client(Gateway.Address.ToString());
        }

        public ValueTask DisposeAsync()
        {
            Client.Dispose();
            return Gateway.DisposeAsync();
        }

        private static ModelOptions Embedded(string name, double? threshold) => new()
        {
            Name = name, Directory = EmbeddedModel.Directory, CacheTokens = 2048, Threads = 1, Auto = new AutoOptions { Threshold = threshold },
        };
    }
}
