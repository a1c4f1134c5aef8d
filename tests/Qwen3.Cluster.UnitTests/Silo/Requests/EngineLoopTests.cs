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
    public async Task A_step_that_fails_ends_all_and_only_a_shard_may_be_back_soon(bool isShard)
    {
        using HashLanguageModel model = new(4, 100);
        model.BeforeForward = _ => throw (isShard ? new ExpertShardException("gone") : new InvalidOperationException("broken"));
        using EngineLoop loop = Loop(model);
        ChannelReader<GenerationDelta>[] replies = [await loop.Add(Request("a", 8)), await loop.Add(Request("b", 8))];

        foreach (ChannelReader<GenerationDelta> reply in replies)
        {
            var failure = await Assert.ThrowsAsync<ModelUnavailableException>(() => ReadAll(reply));
            Assert.Equal(isShard, failure.RetryAfter is not null);
        }
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
