using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Requests;
using Qwen3.Cluster.UnitTests.Generation;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public sealed class EngineLoopTests : IAsyncDisposable
{
    private readonly ComputeThread _thread = new("test");

    [Fact]
    public async Task A_request_whose_tokens_fail_ends_alone_and_says_not_to_come_back()
    {
        using FailingLanguageModel model = new(new HashLanguageModel(4, 100), (experts, position) => experts == 3 && position >= 6);
        using EngineLoop loop = Loop(model);
        ChannelReader<GenerationDelta>[] replies = [await loop.Add(Request("good", 8)), await loop.Add(Request("bad", 3))];

        var failure = await Assert.ThrowsAsync<ModelUnavailableException>(() => ReadAll(replies[1]));
        List<GenerationDelta> good = await ReadAll(replies[0]);

        Assert.Null(failure.RetryAfter);
        Assert.Contains("not a finite number", failure.Message, StringComparison.Ordinal);
        Assert.Equal(Model.Generation.FinishReason.Length, good[^1].Finish);
        Assert.Equal(20, good.Sum(delta => delta.TokenIds.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_step_that_fails_ends_all_and_only_without_its_shards_another_router_may_go_on(bool isShard)
    {
        using HashLanguageModel model = new(4, 100);
        model.BeforeForward = _ => throw (isShard ? new ExpertShardException("gone") : new InvalidOperationException("broken"));
        using EngineLoop loop = Loop(model);
        ChannelReader<GenerationDelta>[] replies = [await loop.Add(Request("a", 8)), await loop.Add(Request("b", 8))];

        foreach (ChannelReader<GenerationDelta> reply in replies)
        {
            Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => ReadAll(reply));
            Assert.True(isShard ? failure is RouterLostException : failure is ModelUnavailableException { RetryAfter: null });
        }
    }

    [Fact]
    public async Task A_request_that_another_router_has_begun_is_taken_though_the_queue_is_full()
    {
        using ManualResetEventSlim open = new();
        using HashLanguageModel model = new(4, 100);
        model.BeforeForward = _ => open.Wait(TestContext.Current.CancellationToken);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxWaiting = 1, MaxSequences = 1 }, TimeProvider.System);
        using EngineLoop loop = new(new ModelGrainKey("m", 0), engine, _thread, 1, TimeProvider.System, new RouterMeter(new Meters()));
        List<Task<ChannelReader<GenerationDelta>>> adding = [loop.Add(Request("a", 8)), .. Enumerable.Range(0, 3).Select(i => loop.Add(Request($"new {i}", 8)))];
        adding.AddRange(Enumerable.Range(0, 3).Select(i => loop.Add(Request($"begun {i}", 8) with { Written = [[]] })));
        open.Set();
        await Task.WhenAny(Task.WhenAll(adding), Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));

        Assert.Contains(adding[1..4], task => task.Exception?.InnerException is QueueFullException);
        Assert.All(adding[4..], task => Assert.True(task.IsCompletedSuccessfully));
    }

    public ValueTask DisposeAsync() => _thread.DisposeAsync();

    private EngineLoop Loop(ILanguageModel model)
    {
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
        return new EngineLoop(new ModelGrainKey("m", 0), engine, _thread, 64, TimeProvider.System, new RouterMeter(new Meters()));
    }

    private static GenerationRequest Request(string id, int experts) => new()
    {
        Id = id,
        Prompt = [1, 2, 3],
        Sampling = new SamplingParameters { MaxTokens = 20, StopTokenIds = [] },
        Thinking = new ThinkingLimits { MaxExperts = experts },
    };

    private static async Task<List<GenerationDelta>> ReadAll(ChannelReader<GenerationDelta> reader) =>
        await reader.ReadAllAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
