using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>Requests with fewer experts, in one batch with others, through a whole model.</summary>
public class EngineExpertLimitTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_request_with_fewer_experts_gives_in_a_batch_what_it_gives_alone(bool reusePrefixes)
    {
        // The same prompt, so that a page which another limit has filled would be found, and one seed.
        int?[] limits = [null, 2, null, 1, 4, 2, 3];
        using TestModel model = Model();
        Engine engine = EngineOf(model, reusePrefixes);
        Assert.All(limits.Index(), limit => Assert.True(engine.TryAdd(Request($"{limit.Index}", limit.Item))));
        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> replies = EngineRun.Collect(engine.RunToEnd());

        foreach ((int index, int? limit) in limits.Index())
        {
            using TestModel fresh = Model();
            EngineRun.ReplyOf alone = EngineOf(fresh, reusePrefixes: false).Answer(Request("alone", limit));
            EngineRun.ReplyOf together = replies[($"{index}", 0)];
            Assert.Equal(alone.TokenIds, together.TokenIds);
            Assert.Equal(alone.Last.Usage!.ReplyTokens, together.Last.Usage!.ReplyTokens);
        }

        // No limit is a limit of four here; the others choose otherwise.
        Assert.Equal(4, replies.Values.Select(reply => string.Join(' ', reply.TokenIds)).Distinct().Count());
    }

    private static TestModel Model() => new(TinyChatModel.Moe.Value, new SimdBackend(), new CacheOptions(4, 256));

    private static Engine EngineOf(TestModel model, bool reusePrefixes) => new(
        model.Model,
        Qwen3Tokenizer.Load(TinyChatModel.Moe.Value),
        new EngineOptions { MaxBatchTokens = 16, MaxSequences = 8, ReusePrefixes = reusePrefixes },
        TimeProvider.System);

    private static GenerationRequest Request(string id, int? limit) => new()
    {
        Id = id,
        Prompt = [.. Enumerable.Range(40, 30)],
        Thinking = new ThinkingLimits { MaxExperts = limit },
        Sampling = new SamplingParameters { Seed = 3, MaxTokens = 16, StopTokenIds = [] },
    };
}
