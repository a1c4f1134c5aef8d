using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Tests;
using FinishReason = Qwen3.Cluster.Contracts.Messages.FinishReason;

namespace Qwen3.Cluster.IntegrationTests.Silo;

/// <summary>What comes out of the grains is what one process computes, to the bit.</summary>
public sealed class GrainTokensTests
{
    private static readonly string[] Prompts = ["What is 47 + 38?", "Hello", "a", "The quick brown fox jumps over the lazy dog, and over again."];

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(true, 4)]
    [InlineData(true, 4, CacheFormat.Q8)]
    [InlineData(true, 4, CacheFormat.F32)]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(false, 4)]
    public async Task TokensAndLogprobsEqualThoseOfOneProcess(bool moe, int shards, CacheFormat cache = CacheFormat.BF16)
    {
        string directory = moe ? TinyChatModel.Moe.Value : TinyChatModel.Dense.Value;
        await using TestSilo silo = await TestSilo.Start(model =>
        {
            model.Directory = directory;
            model.ExpertShards = shards;
            model.Cache = cache;
            model.MaxBatchTokens = 16;
            model.MaxSequences = 8;
        });

        // All at once, more than run together, each with a seed of its own and two samples.
        List<ReplyDelta>[] replies = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Ask(silo, i)));

        for (int i = 0; i < replies.Length; i++)
        {
            foreach (int sample in (int[])[0, 1])
            {
                List<GenerationDelta> alone = [.. Alone(directory, cache, i).Where(delta => delta.Sample == sample)];
                List<ReplyDelta> together = [.. replies[i].Where(delta => delta.Sample == sample)];
                Assert.Equal(alone.SelectMany(delta => delta.TokenIds), together.SelectMany(delta => delta.TokenIds));
                Assert.Equal(string.Concat(alone.Select(delta => delta.Text)), string.Concat(together.Select(delta => delta.Text)));
                Assert.Equal(
                    alone.SelectMany(delta => delta.Logprobs).Select(logprob => BitConverter.SingleToInt32Bits(logprob.Logprob)),
                    together.SelectMany(delta => delta.Logprobs).Select(logprob => BitConverter.SingleToInt32Bits(logprob.Logprob)));
            }
        }
    }

    private static SamplingSettings Sampling(int i) =>
        new() { Temperature = 1, TopP = 1, TopK = 0, Seed = (ulong)i, MaxTokens = 12, SampleCount = 2, Logprobs = 0 };

    private static async Task<List<ReplyDelta>> Ask(TestSilo silo, int i)
    {
        var call = new GenerateCall { Text = Prompts[i % Prompts.Length], Sampling = Sampling(i) };
        List<ReplyEvent> events = await silo.Gateway($"request {i}").Generate(call, TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        ReplyStarted started = Assert.IsType<ReplyStarted>(events[0]);
        Assert.Equal(($"request {i}", "tiny", (ulong)i), (started.RequestId, started.Model, started.Seed));
        Assert.Equal([0, 1], events.OfType<ReplyFinished>().Select(finished => finished.Sample).Order());
        Assert.DoesNotContain(events.OfType<ReplyFinished>(), finished => finished.Reason == FinishReason.Cancelled);
        return [.. events.OfType<ReplyDelta>()];
    }

    // The engine over one model and one pool of all experts, and nothing else to do.
    private static List<GenerationDelta> Alone(string directory, CacheFormat cache, int i)
    {
        using var model = new TestModel(directory, new ReferenceBackend(), new CacheOptions(16, 64, cache));
        Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(directory);
        using Checkpoint checkpoint = Checkpoint.Open(directory);
        var engine = new Engine(model.Model, tokenizer, new EngineOptions { EndTokenIds = checkpoint.EosTokenIds }, TimeProvider.System);
        SamplingSettings sampling = Sampling(i);
        Assert.True(engine.TryAdd(new GenerationRequest
        {
            Id = "alone",
            Prompt = tokenizer.Encode(Prompts[i % Prompts.Length]),
            Sampling = new SamplingParameters { Seed = sampling.Seed!.Value, MaxTokens = sampling.MaxTokens!.Value, SampleCount = 2, Logprobs = 0 },
        }));

        List<GenerationDelta> deltas = [];
        while (engine.HasWork)
        {
            deltas.AddRange(engine.Step());
        }

        return deltas;
    }
}
