using System.Collections.Concurrent;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Silo.Requests;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>
/// Fifty requests, none like another: half of them greedy, half sampled with a seed, some with two samples, some with logprobs, with long and
/// short prompts and replies. And what one engine answers to each when it has nothing else to do.
/// </summary>
internal static class Workload
{
    public const int Count = 50;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(4);
    private static readonly ConcurrentDictionary<(string Directory, ActivationPrecision Precision), Lazy<string[]>> Expected = new();

    /// <summary>What one process answers to all of them, as traces.</summary>
    /// <param name="directory">The model's.</param>
    /// <param name="precision">Of what goes to the experts and comes back.</param>
    public static string[] OneProcess(string directory, ActivationPrecision precision = ActivationPrecision.Float32) =>
        Expected.GetOrAdd((directory, precision), key => new Lazy<string[]>(() => AskEngine(key.Directory, key.Precision))).Value;

    /// <summary>One of the requests, for a gateway.</summary>
    public static GenerateCall Call(int i, string model = "") => new() { Model = model, Text = Prompt(i), Sampling = Sampling(i) };

    /// <summary>One of the requests, for the gRPC server.</summary>
    public static Protos.GenerateRequest Request(int i, string model = "")
    {
        SamplingSettings given = Sampling(i);
        var sampling = new Protos.Sampling
        {
            Temperature = given.Temperature!.Value,
            TopP = given.TopP!.Value,
            TopK = (uint)given.TopK!.Value,
            MinP = given.MinP!.Value,
            RepetitionPenalty = given.RepetitionPenalty!.Value,
            Seed = given.Seed!.Value,
            MaxTokens = (uint)given.MaxTokens!.Value,
            N = (uint)given.SampleCount,
        };
        var output = new Protos.OutputOptions { TokenIds = true };
        if (given.Logprobs is { } logprobs)
        {
            output.Logprobs = (uint)logprobs;
        }

        return new Protos.GenerateRequest { Model = model, Text = Prompt(i), Sampling = sampling, Output = output };
    }

    /// <summary>Has a gateway grain answer one.</summary>
    public static Task<string> AskGateway(IGrainFactory grains, string model, int i, CancellationToken cancellationToken) =>
        ReplyTrace.Of(
            grains.GetGrain<IGatewayGrain>(Guid.NewGuid().ToString()).Generate(Call(i, model), cancellationToken), cancellationToken);

    /// <summary>Has a router answer one.</summary>
    /// <param name="grains">Of the cluster.</param>
    /// <param name="key">The router.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="i">The request.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Task<string> AskRouter(
        IGrainFactory grains, ModelGrainKey key, Qwen3Tokenizer tokenizer, int i, CancellationToken cancellationToken)
    {
        int[] prompt = tokenizer.Encode(Prompt(i));
        var call = new RouterCall
        {
            RequestId = Guid.NewGuid().ToString(),
            Prompt = prompt,
            Sampling = Sampling(i),
            StartsInThinking = ChatPrompt.EndsInThinking(prompt, tokenizer.SpecialTokens),
        };
        return ReplyTrace.Of(grains.GetGrain<IRouterGrain>(key.ToString()).Generate(call, cancellationToken), cancellationToken);
    }

    /// <summary>Asks all at once, and compares each reply with what one process answers.</summary>
    public static async Task AskAll(string what, string[] expected, Func<int, CancellationToken, Task<string>> ask)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeLimit);
        string[] replies = await Task.WhenAll(Enumerable.Range(0, Count).Select(i => ask(i, limit.Token)));
        for (int i = 0; i < Count; i++)
        {
            AssertSame($"{what}, request {i}", expected[i], replies[i]);
        }
    }

    /// <summary>Compares two traces; a failure shows them from a little before the place where they part.</summary>
    public static void AssertSame(string what, string expected, string reply)
    {
        if (expected != reply)
        {
            int start = Math.Max(0, expected.AsSpan().CommonPrefixLength(reply) - 60);
            Assert.Fail($"{what}: one process answers\n…{expected[start..]}\nand here it is\n…{reply[start..]}");
        }
    }

    private static string Prompt(int i) => (i % 5) switch
    {
        0 => $"What is {i} + {i * i}?",
        1 => $"{i}",
        2 => $"{i}, " + string.Concat(Enumerable.Repeat("the quick brown fox jumps over the lazy dog; ", (i % 4) + 1)),
        3 => $"What is {i * 7} - {i}? <think>",
        _ => $"Grüße aus Zürich, zum {i}. Mal",
    };

    private static SamplingSettings Sampling(int i) => new()
    {
        Temperature = i % 2 == 0 ? 0 : 0.5f + (i % 7 * 0.2f),
        TopP = i % 3 == 0 ? 0.9f : 1,
        TopK = i % 4 == 1 ? 20 : 0,
        MinP = 0,
        RepetitionPenalty = i % 10 == 4 ? 1.3f : 1,
        Seed = (ulong)(1000 + i),
        MaxTokens = 8 + (i % 6 * 12),
        SampleCount = i % 9 == 1 ? 2 : 1,
        Logprobs = i % 4 == 3 ? 2 : i % 6 == 0 ? 0 : null,
    };

    private static string[] AskEngine(string directory, ActivationPrecision precision)
    {
        using var model = new TestModel(directory, new SimdBackend(), new CacheOptions(16, 128, CacheFormat.BF16), precision: precision);
        Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(directory);
        using Checkpoint checkpoint = Checkpoint.Open(directory);
        var engine = new Engine(model.Model, tokenizer, new EngineOptions { EndTokenIds = checkpoint.EosTokenIds }, TimeProvider.System);
        return [.. Enumerable.Range(0, Count).Select(i => AskEngine(engine, tokenizer, i))];
    }

    private static string AskEngine(Engine engine, Qwen3Tokenizer tokenizer, int i)
    {
        SamplingSettings given = Sampling(i);
        int[] prompt = tokenizer.Encode(Prompt(i));
        Assert.True(engine.TryAdd(new GenerationRequest
        {
            Id = $"{i}",
            Prompt = prompt,
            StartsInThinking = ChatPrompt.EndsInThinking(prompt, tokenizer.SpecialTokens),
            Sampling = new SamplingParameters
            {
                Temperature = given.Temperature!.Value,
                TopP = given.TopP!.Value,
                TopK = given.TopK!.Value,
                MinP = given.MinP!.Value,
                RepetitionPenalty = given.RepetitionPenalty!.Value,
                Seed = given.Seed!.Value,
                MaxTokens = given.MaxTokens!.Value,
                SampleCount = given.SampleCount,
                Logprobs = given.Logprobs,
            },
        }));
        List<GenerationDelta> deltas = [];
        while (engine.HasWork)
        {
            deltas.AddRange(engine.Step());
        }

        return ReplyTrace.Of(deltas);
    }
}
